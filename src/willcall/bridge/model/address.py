"""Where tickets go."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


def _copied(options: Mapping[str, str]) -> Mapping[str, str]:
    return dict(options)


@attrs.frozen(kw_only=True)
class Address:
    """Where tickets go, and whom they concern.

    Args:
        customer_email: whom a ticket concerns.
        options: the desk adapter's own settings by name, such as ``inbox_id``.
        mails: whether the desk can write to the customer with these options.
    """

    customer_email: str = attrs.field(repr=False)
    options: Mapping[str, str] = attrs.field(
        factory=dict, converter=_copied, repr=False, hash=False
    )
    mails: bool = False
