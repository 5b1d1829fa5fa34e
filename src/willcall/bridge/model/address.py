"""Where tickets go."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Address:
    """Where tickets go: which inbox, whom they concern, and who writes to the customer."""

    inbox_id: str
    customer_email: str = attrs.field(repr=False)
    from_address: str | None = attrs.field(default=None, repr=False)
