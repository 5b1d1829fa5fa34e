"""Whatever stands in a configuration or in a row of the ledger: one of our errors, or sense."""

import contextlib
import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from willcall.bridge.config.file import checked
from willcall.bridge.config.tables import Config
from willcall.bridge.model.facts import from_json, to_json, type_from_json, type_to_json
from willcall.client.quota import Quota, Window
from willcall.errors import ConfigError, UndecodableReplyError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
NAMES = st.sampled_from(
    [
        "box_office", "desk", "state", "rule", "removal", "delivery", "ping", "storm", "history",
        "low_stock", "built_in_rules", "name", "inbox_id", "customer_email", "from_address", "url",
        "base_url", "api_key_env", "api_key_file", "id", "when", "if", "for", "ticket", "message",
        "settle", "give_up_after", "quiet_hours", "from", "to", "timezone", "keep", "limit",
    ]
) | st.text(max_size=10)  # fmt: skip
VALUES = st.recursive(
    SCALARS | st.sampled_from(["30s", "7d", "https://example.com", "event.*", "a@example.com"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
GOOD: dict[str, Any] = {
    "box_office": [{"name": "main-room"}],
    "desk": {"inbox_id": "inb_1", "customer_email": "a@example.com"},
}


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_configuration_is_read_or_refused(values: dict[str, Any]) -> None:
    """Never a traceback, and never a half-read configuration."""
    for attempt in (values, {**GOOD, **values}):
        try:
            config = checked(attempt)
        except ConfigError as error:
            assert error.problem  # noqa: PT017 - most are no error
        else:
            assert isinstance(config, Config)
            config.rules()
            config.delivery.policy()


@given(st.text(max_size=300))
def test_any_text_is_toml_or_is_not(text: str) -> None:
    """What tomllib lets through, the models read or refuse."""
    with contextlib.suppress(tomllib.TOMLDecodeError, ConfigError):
        checked(tomllib.loads(text))


KEYS = st.sampled_from(
    ["kind", "observedAt", "event", "before", "ticketType", "detail", "id", "title", "startsAt",
     "status", "ticketTypes", "available", "quantity", "name", "price"]
)  # fmt: skip
ROWS = st.dictionaries(KEYS, VALUES, max_size=8)


@given(ROWS)
def test_any_row_of_facts_is_read_or_refused(row: dict[str, Any]) -> None:
    """A snapshot that somebody has edited by hand."""
    try:
        facts = from_json(row)
    except UndecodableReplyError:
        return
    assert from_json(json.loads(json.dumps(to_json(facts)))) == facts


@given(ROWS)
def test_any_row_of_a_ticket_type_is_read_or_refused(row: dict[str, Any]) -> None:
    """The same for the ticket type of a change."""
    try:
        ticket_type = type_from_json(row)
    except UndecodableReplyError:
        return
    assert type_from_json(json.loads(json.dumps(type_to_json(ticket_type)))) == ticket_type


@given(st.none() | st.text(max_size=80) | VALUES.map(lambda v: json.dumps(v, default=str)))
def test_any_text_of_a_quota_is_a_window(text: str | None) -> None:
    """What cannot be read counts as nothing spent; the provider's own limit still stands."""
    window = Window.load(text)
    assert window.take(Quota(60), 1e9, write=True).seconds <= 3600.0


@pytest.mark.parametrize("body", ['{"slots": [[1, NaN, 1]], "closed": NaN, "count": 0}'])
def test_a_window_without_numbers_locks_nobody_out(body: str) -> None:
    """NaN compares with nothing."""
    assert Window.load(body).take(Quota(60), 1e9, write=True).seconds == 0
