"""A ticket as it would read: in words, and as a page in which all text is text."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import attrs
import pytest

from support.virtual_bridge import ADDRESS
from willcall.bridge.insight.preview import page, preview, warning_of
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.predicates import Predicates
from willcall.bridge.model.rules import OnClear, Rule, Rules, built_in_rules
from willcall.bridge.templates.examples import EVENT
from willcall.errors import InputError

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
GALA = Rule(
    id="gala",
    kinds=("ticket_type.low_stock", "event.sold_out"),
    predicates=Predicates(event_name_contains=("gala",)),
    address=ADDRESS,
    tags=("gala",),
    assignee_id="usr_2",
    subject="{{ event.title }}: {{ ticket_type.available }} left of {{ ticket_type.name }}",
    note="Call <b>Ana</b>",
)
RULES = Rules(rules=(GALA, *built_in_rules(ADDRESS)), default=ADDRESS)


def test_everything_that_would_be_written() -> None:
    """The ticket, its tags, the note, the message, and the good news."""
    one = preview(RULES, "gala", NOW)
    assert one.subject == "Gala Night: 3 left of Orchestra"
    assert one.tags == ("willcall", "wc-…", "normal", "gala")
    assert (one.assignee_id, one.options["inbox_id"]) == ("usr_2", "inb_01abc")
    assert one.note == "Call <b>Ana</b>"
    assert one.message is not None
    assert one.ends_with == "ticket_type.restocked"
    assert one.to_customer
    assert warning_of(one) is None
    assert preview(RULES, "gala", NOW, ticket_type="Balcony").subject.endswith("Balcony")
    assert preview(RULES, "gala", NOW, kind="event.sold_out").kind == "event.sold_out"


def test_a_rule_that_writes_to_nobody() -> None:
    """Has no message; and one that does nothing at the end says nothing."""
    quiet = attrs.evolve(GALA, message=False, note=None)
    one = preview(attrs.evolve(RULES, rules=(quiet,)), "gala", NOW)
    assert (one.message, one.note, one.to_customer) == (None, None, False)
    assert one.good_news is not None
    silent = attrs.evolve(quiet, on_clear=OnClear.NOTHING)
    assert preview(attrs.evolve(RULES, rules=(silent,)), "gala", NOW).good_news is None
    assert "an internal note" in page(one)


def test_why_it_would_not_be_written() -> None:
    """The rule does not take it, or another one does before."""
    other = attrs.evolve(EVENT, title="Open Mic")
    warning = warning_of(preview(RULES, "gala", NOW, event=other))
    assert warning == (
        "gala would leave this alone: event_name_contains: 'Open Mic' does not contain 'gala'"
    )
    warning = warning_of(preview(RULES, "event.sold_out", NOW))
    assert warning == ("gala would take this first, and built-in/event.sold_out would never see it")
    assert 'class="why"' in page(preview(RULES, "event.sold_out", NOW))


@pytest.mark.parametrize(
    ("rule", "kind", "ticket_type", "said"),
    [
        ("gla", None, None, "rule: there is no rule 'gla' (did you mean 'gala'?)"),
        ("gala", "event.moved", None, "kind: gala does not take 'event.moved'"),
        ("gala", None, "Box", "ticket_type: Gala Night has no 'Box' (it has: Orchestra, Balcony)"),
    ],
)
def test_what_is_not_there(rule: str, kind: str | None, ticket_type: str | None, said: str) -> None:
    """With the nearest right name, or all there is."""
    with pytest.raises(InputError) as caught:
        preview(RULES, rule, NOW, kind=kind, ticket_type=ticket_type)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if kind.built_in])
def test_every_built_in_rule_has_a_preview(kind: str) -> None:
    """With a subject and a body."""
    one = preview(Rules(rules=built_in_rules(ADDRESS), default=ADDRESS), kind, NOW)
    assert one.subject
    assert one.body
    assert (one.why_not, one.taken_by) == (None, None)


class _Tags(HTMLParser):
    """Which elements a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]


def test_a_page_holds_all_it_needs_and_shows_text_as_text() -> None:
    """Nothing is fetched, and no title becomes an element."""
    hostile = attrs.evolve(EVENT, title='<script src="//x">gala</script> & "quotes"')
    text = page(preview(RULES, "gala", NOW, event=hostile))
    found = _Tags()
    found.feed(text)
    assert found.seen == {
        "html", "head", "meta", "title", "style", "body", "p", "section", "h1", "h2", "span",
    }  # fmt: skip
    assert found.links == []
    assert "&lt;script src=" in text
    assert "Call &lt;b&gt;Ana&lt;/b&gt;" in text
