"""The house: everything that shares a secret, and recognises each other's tickets by it. Pure."""

from __future__ import annotations

import hashlib
import hmac

import attrs

from .markers import LAST_LINE, code


def _folded(addresses: frozenset[str]) -> frozenset[str]:
    return frozenset(address.casefold() for address in addresses)


@attrs.frozen(kw_only=True)
class House:
    """Whose tickets are ours.

    Args:
        secret: what all installations of the house share, and outsiders do not know.
        addresses: the addresses that the configuration names as customers; none for any.
    """

    secret: str = attrs.field(default="", repr=False)
    addresses: frozenset[str] = attrs.field(factory=frozenset, converter=_folded, repr=False)

    def reference(self, marker: str) -> str:
        """The line with which the text of an opening begins.

        It is the marker of the case and a proof, which only the house can compute.
        """
        digest = hmac.digest(self.secret.encode(), f"opened\x1f{marker}".encode(), hashlib.sha256)
        return f"{LAST_LINE}{marker}-{code(digest)}"

    def opening(self, marker: str, body: str) -> str:
        """The text of an opening as it is sent."""
        return f"{self.reference(marker)}\n\n{body}"

    def began(self, text: str, marker: str) -> bool:
        """Whether a text begins with the line of the house; a quote of it does not."""
        first = text.lstrip("\ufeff \t\r\n").partition("\n")[0].split()
        return hmac.compare_digest(" ".join(first[:2]).encode(), self.reference(marker).encode())

    def names(self, address: str) -> bool:
        """Whether the configuration names this address as a customer."""
        return not self.addresses or address.casefold() in self.addresses
