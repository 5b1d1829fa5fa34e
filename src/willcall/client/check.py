"""What a key may do, found out without writing anything."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..errors import ApiError, AuthenticationError, PermissionDeniedError, TransportError
from .engine import perform
from .flow import Flow
from .op import path_of
from .options import Options
from .provider import Account


@attrs.frozen
class Access:
    """What a key may do.

    ``scopes`` maps each scope to True (a call that needs it got past the provider's check of
    scopes), False (the provider said that the key lacks it) or None (it could not be found out);
    ``trouble`` says why not.
    """

    provider: str
    scopes: Mapping[str, bool | None]
    trouble: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def granted(self) -> tuple[str, ...]:
        """The scopes the key has."""
        return tuple(name for name, has in self.scopes.items() if has)

    @property
    def missing(self) -> tuple[str, ...]:
        """The scopes the key lacks."""
        return tuple(name for name, has in self.scopes.items() if has is False)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The scopes that could not be found out."""
        return tuple(name for name, has in self.scopes.items() if has is None)

    def __str__(self) -> str:
        words = {True: "yes", False: "no", None: "unknown"}
        return "\n".join(f"{name}: {words[has]}" for name, has in self.scopes.items())


def check(account: Account, options: Options) -> Flow[Access]:
    """Send each of the provider's probes, and conclude from the answers which scopes the key has.

    A scope to read is tried by reading. A scope to write is tried by a change, with an empty body,
    of a thing that cannot exist: a provider that checks scopes first answers 403 without the scope,
    and 404 or 400 with it, and nothing can be changed either way. (A provider that first searched
    for the thing would answer 404 in both cases. Neither TicketSmart nor Ticket0 documents the
    order; nearly all APIs check the key's rights first.)

    Raises:
        AuthenticationError: the key itself is not accepted.
        TransportError: the provider cannot be reached at all.
    """
    scopes: dict[str, bool | None] = {}
    trouble: dict[str, str] = {}
    for scope, op in account.provider.probes.items():
        if op is None:
            scopes[scope] = None
            trouble[scope] = "no call of the API shows it"
            continue
        try:
            path = path_of(op.path, account.path_params)
            yield from perform(attrs.evolve(op, path=path), account, options)
            # A read that worked proves its scope; a change of what cannot be proves nothing.
            scopes[scope] = True if op.reads else None
        except PermissionDeniedError:
            scopes[scope] = False
        except (AuthenticationError, TransportError):
            raise
        except ApiError as error:
            refused = error.status is not None and 400 <= error.status < 500
            scopes[scope] = True if refused and error.status != 429 else None
            if scopes[scope] is None:
                trouble[scope] = error.message
    return Access(account.provider.name, scopes, trouble)
