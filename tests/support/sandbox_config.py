"""A willcall.toml for a sandbox that is served on this machine."""

from willcall.sandbox.server import Served

CONFIG = """\
[[box_office]]
name = "main-room"
base_url = "{ticketsmart}"

[desk]
base_url = "{ticket0}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
from_address = "boxoffice@example.com"
secret = "a-secret-of-this-house"
"""


def config_for(served: Served, more: str = "") -> str:
    """The configuration of one box office and its desk, and whatever else is to stand in it."""
    return CONFIG.format(ticketsmart=served.ticketsmart_url, ticket0=served.ticket0_url) + more
