"""What `willcall check` finds, each complaint provoked once, with the place where it stands."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from support.decider import Decider, a_rule
from willcall.bridge.config.check import Checked, Known, check
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.rules import Silence
from willcall.bridge.templates.examples import EVENT, example
from willcall.bridge.templates.lint import flaws
from willcall.bridge.templates.rendering import built_in, names

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
HEAD = """\
[[box_office]]
name = "main-room"
[desk]
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
from_address = "boxoffice@example.com"
"""
SILENCE = Silence(
    id=1, begins=NOW, until=NOW + timedelta(hours=2), author="Ana", reason="a known fault"
)
KNOWN = Known(events={"main-room": {EVENT.id: EVENT}})


def checked(more: str, known: Known = KNOWN, *, head: str = HEAD) -> Checked:
    return check(head + more, known, NOW)


def told(more: str, known: Known = KNOWN, *, head: str = HEAD) -> list[str]:
    """Each complaint in one line; lines are counted from the end of the head."""
    lines = head.count("\n")
    return [
        f"{complaint.place.line - lines}:{complaint.place.column} {complaint.level} "
        f"{complaint.path}: {complaint.problem}"
        f"{f' ({complaint.fix})' if complaint.fix else ''}"
        if complaint.place
        else f"{complaint.level} {complaint.path}: {complaint.problem} ({complaint.fix})"
        for complaint in checked(more, known, head=head).complaints
    ]


RULE = '[[rule]]\nid = "one"\nwhen = ["event.sold_out"]\n'


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (
            'event_name_contains = "glaa"',
            "event_name_contains[0]: no title that was seen contains 'glaa' (did you mean 'Gala'?)",
        ),
        (
            'event_name_contains = ["gala", "gala nihgt"]',
            (
                "event_name_contains[1]: no title that was seen contains 'gala nihgt' "
                "(did you mean 'Gala Night'?)"
            ),
        ),
        (
            'venue_contains = "Harbour Street"',
            (
                "venue_contains[0]: no venue that was seen contains 'Harbour Street' "
                "(did you mean 'Harbor Street'?)"
            ),
        ),
        (
            'ticket_type_name_contains = "balcon y"',
            (
                "ticket_type_name_contains[0]: no ticket type that was seen contains 'balcon y' "
                "(did you mean 'Balcony'?)"
            ),
        ),
        ('city = "new yrok"', "city[0]: 'new yrok' is not known (did you mean 'New York'?)"),
        ('city = "Oslo"', "city[0]: 'Oslo' is not known (known here: New York)"),
        (
            'event = "GALA-NIHGT"',
            "event[0]: 'GALA-NIHGT' is not known (did you mean 'gala-night'?)",
        ),
    ],
)
def test_a_rule_asks_for_what_nobody_has_seen(asked: str, complaint: str) -> None:
    """With the name that is most like it, whatever its case; a warning, for it may come yet."""
    rule = RULE.replace("event.sold_out", "ticket_type.sold_out")
    (found,) = told(rule + f"if = {{ {asked} }}\n")
    assert found.split(" ", 2)[1:] == ["warning", f"rule[0].if.{complaint}"]
    assert told(rule + f"if = {{ {asked} }}\n", Known()) == []  # nothing has been seen at all


def test_the_nearest_name_is_found_among_all_of_them() -> None:
    """Not only among the few that are shown."""
    events = {
        f"evt_{number}": attrs.evolve(EVENT, id=f"evt_{number}", slug=f"aaa-{number}")
        for number in range(30)
    }
    known = Known(events={"main-room": {**events, EVENT.id: EVENT}})
    (near,) = told(RULE + 'if = { event = "gala-nigth" }', known)
    assert near.endswith("(did you mean 'gala-night'?)")
    (far,) = told(RULE + 'if = { event = "xyzzy" }', known)
    assert far.endswith(" and 50 more)")


def test_an_assignee_is_an_id() -> None:
    """Of whoever it is assigned to, not a name."""
    assert told(RULE + 'ticket.assignee_id = "Ana"') == [
        (
            "4:8 warning rule[0].ticket.assignee_id: 'Ana' may be wrong: it is not a name but an "
            "id (ids of Ticket0 begin with usr_)"
        )
    ]
    assert told(RULE + 'ticket.assignee_id = "usr_01abc"') == []


@pytest.mark.parametrize(
    ("silence", "problem"),
    [
        (
            attrs.evolve(SILENCE, event="gala nigth"),
            "no event 'gala nigth' was seen: it silences nothing",
        ),
        (
            attrs.evolve(SILENCE, box_office="annex"),
            "no box office is called 'annex': it silences nothing",
        ),
    ],
)
def test_a_silence_of_what_nobody_has_seen(silence: Silence, problem: str) -> None:
    """It would be noticed when the mails go out."""
    (found,) = told("", attrs.evolve(KNOWN, silences=[silence]))
    assert found.startswith(f"warning silence 1: {problem} (")
    fine = attrs.evolve(SILENCE, event="gala", box_office="main-room")
    assert told("", attrs.evolve(KNOWN, silences=[fine])) == []


def test_patterns_of_admission_that_match_nothing() -> None:
    """With the name that is most like it."""
    assert told('[sale]\nadmission = ["*", "!Balcny*"]\n') == [
        (
            "2:19 warning sale.admission[1]: no ticket type that was seen matches '!Balcny*' "
            "(did you mean 'Balcony'?)"
        )
    ]
    assert told('[sale]\nadmission = ["!balcony*"]\n') == []


def test_a_removal_by_a_name_that_two_ticket_types_have() -> None:
    """Whichever came first would go."""
    assert EVENT.ticket_types is not None
    twin = attrs.evolve(EVENT.ticket_types[0], id="tt_twin")
    event = attrs.evolve(EVENT, ticket_types=(*EVENT.ticket_types, twin))
    removal = (
        '[[removal]]\nbox_office = "main-room"\nevent = "gala-night"\n'
        f'ticket_type = "{twin.name}"\nafter = 2026-12-01T00:00:00Z\n'
    )
    (complaint,) = told(removal, Known(events={"main-room": {event.id: event}}))
    assert complaint.startswith(
        f"4:1 error removal[0].ticket_type: '{twin.name}': 2 ticket types have that name (write the"
    )
    assert "tt_twin" in complaint


@pytest.mark.parametrize(
    ("mailbox", "robot"),
    [
        ("no-reply", True),
        ("noreply", True),
        ("do_not_reply", True),
        ("DoNotReply", True),
        ("no.reply+events", True),
        ("Mailer-Daemon", True),
        ("bounce+17", True),
        ("notifications", True),
        ("auto-reply", True),
        ("nora.reply", False),
        ("organiser", False),
        ("alertson", False),
        ("box.office", False),
    ],
)
def test_an_address_that_nobody_reads(mailbox: str, robot: bool) -> None:
    """A program that answers makes a loop."""
    head = HEAD.replace("organiser@example.com", f"{mailbox}@example.com")
    found = [
        complaint.path
        for complaint in checked("", head=head).complaints
        if "nobody reads" in complaint.problem
    ]
    assert found == (["desk.customer_email"] if robot else [])
    rule = RULE + f'ticket.customer_email = "{mailbox}@example.com"'
    assert ("nobody reads" in "".join(told(rule))) is robot


def test_tables_are_named_as_people_name_them() -> None:
    """Not by their number."""
    found = checked(RULE + 'ticket.subject = "{{ titel }}"\n').complaints
    assert [complaint.spoken for complaint in found] == ['rule "one".ticket.subject']
    found = checked('[[rule]]\nid = "gala"\nwhen = ["event.sold"]\n').complaints
    assert [complaint.spoken for complaint in found] == ['rule "gala".when']
    found = checked("", head=HEAD.replace('name = "main-room"', 'name = "a"\nnmae = 3')).complaints
    assert [complaint.spoken for complaint in found] == ['box_office "a".nmae']
    found = checked('[[rule]]\nwhen = ["event.sold_out"]\n').complaints
    assert [complaint.spoken for complaint in found] == ["rule[0].id"]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (
            RULE + 'ticket.subject = "Hi {{ event.titel }}"',
            (
                "4:25 error rule[0].ticket.subject: 'event.titel' is unknown "
                "(did you mean 'event.title'?)"
            ),
        ),
        (
            RULE + 'note = "{{ title | upcas }}"',
            "4:20 error rule[0].note: there is no filter 'upcas' (did you mean 'upcase'?)",
        ),
        (
            RULE + "ticket.body = '''\nDear\n{% if title %}'''",
            "5:1 error rule[0].ticket.body: a {% if %} has no {% endif %}",
        ),
        (
            RULE + 'message = { body = "{% foo %}" }',
            "4:24 error rule[0].message.body: it makes no sense: unexpected tag 'foo'",
        ),
        (
            RULE + 'note = "{% for i in (1..99999) %}{{ i }}{% endfor %}"',
            "4:12 error rule[0].note: it fails for event.sold_out: a value is too large",
        ),
        (
            RULE + 'note = "{% if before.id == 3 %}x{% endif %}"',
            (
                "4:9 warning rule[0].note: nothing is left of it for event.sold_out "
                "(the built-in words are taken then)"
            ),
        ),
        (
            RULE + 'note = "{{ ticket_type.name }}"',
            (
                "4:12 error rule[0].note: 'ticket_type.name' is empty for event.sold_out "
                "(ask for it: {% if ticket_type.name %}…{% endif %})"
            ),
        ),
        (
            '[[rule]]\nid = "one"\nwhen = ["*.sold_out"]\nnote = "{{ ticket_type.name }}"',
            (
                "4:12 warning rule[0].note: 'ticket_type.name' is empty for event.sold_out "
                "(ask for it: {% if ticket_type.name %}…{% endif %})"
            ),
        ),
        (
            RULE + 'if = { box_office = "main-rom" }',
            (
                "4:8 error rule[0].if.box_office[0]: 'main-rom' is not known "
                "(did you mean 'main-room'?)"
            ),
        ),
        (
            RULE + 'if = { event = ["gala-nigth"] }',
            (
                "4:17 warning rule[0].if.event[0]: 'gala-nigth' is not known "
                "(did you mean 'gala-night'?)"
            ),
        ),
        (
            RULE + 'if = { category = ["COMEDI"] }',
            "4:20 warning rule[0].if.category[0]: 'COMEDI' is not known (did you mean 'COMEDY'?)",
        ),
        (
            RULE + "if = { remaining_below = 3 }",
            (
                "4:8 error rule[0].if.remaining_below: this rule takes nothing: it asks about a "
                "ticket type, and no kind in `when` is about one"
            ),
        ),
        (
            '[[rule]]\nid = "one"\nwhen = ["box_office.*"]\nif = { city = "New York" }',
            (
                "4:8 error rule[0].if.city: this rule takes nothing: it asks about an event, and "
                "no kind in `when` is about one"
            ),
        ),
        (
            RULE + 'if = { starts_within = "2d", starts_after = "3d" }',
            (
                "4:30 error rule[0].if.starts_after: this rule takes nothing: nothing starts later "
                "than that and yet within starts_within"
            ),
        ),
        (
            '[[rule]]\nid = "one"\nwhen = ["event.renamed"]\nfor = "5m"',
            (
                "4:1 warning rule[0].for: it waits for nothing: what this rule takes happens, and "
                "does not last"
            ),
        ),
        (
            RULE + '[[rule]]\nid = "two"\nwhen = ["event.sold_out"]\nif = { city = "New York" }',
            (
                "4:1 error rule[1]: 'two' never gets anything: 'one' (line 7) takes it all before "
                "(put it further up, or give the other `continue = true`)"
            ),
        ),
        (
            RULE + 'ticket.inbox_id = "support"',
            (
                "4:8 warning rule[0].ticket.inbox_id: 'support' may be wrong "
                "(inbox_id begins with inb_)"
            ),
        ),
        (
            RULE + 'ticket.from_address = "organiser@example.com"',
            (
                "4:8 error rule[0].ticket.from_address: it is the customer's own address: "
                "willcall would write to itself (set it to an address of the desk that people read)"
            ),
        ),
        (
            (
                '[[removal]]\nbox_office = "main-room"\nevent = "gala-nite"\n'
                'ticket_type = "Balcony"\n'
                "after = 2027-01-01T00:00:00Z"
            ),
            (
                "3:1 warning removal[0].event: no event 'gala-nite' was seen "
                "(did you mean 'gala-night'?)"
            ),
        ),
        (
            (
                '[[removal]]\nbox_office = "main-room"\nevent = "gala-night"\nticket_type = "Box"\n'
                "after = 2027-01-01T00:00:00Z"
            ),
            (
                "4:1 warning removal[0].ticket_type: Gala Night has no ticket type 'Box' "
                "(it has: Orchestra, Balcony)"
            ),
        ),
        ("[storm]\nlimt = 3", "2:1 error storm.limt: no such key (did you mean 'limit'?)"),
        ("[storm\n", "1:7 error : it is not TOML: Expected ']' at the end of a table declaration"),
        ("a = '", '1:6 error : it is not TOML: Expected "\'"'),
    ],
)
def test_each_complaint(more: str, complaint: str) -> None:
    """With its line, its column, and what to do."""
    assert told(more) == [complaint]


def test_who_writes_to_nobody() -> None:
    """A message without a sender is never sent."""
    head = HEAD.replace("from_address", "#")
    assert told(RULE + 'message = { body = "Hi" }', head=head) == [
        (
            "4:1 error rule[0].message: this message is never sent: nobody writes it "
            "(set from_address in [desk], or in the rule's ticket)"
        )
    ]
    assert told(RULE + 'on_clear = "message"', head=head) == [
        (
            "4:1 warning rule[0].on_clear: no message is sent: this rule writes to nobody "
            "(set from_address, or use 'note')"
        )
    ]


def test_all_complaints_come_at_once_in_the_order_of_the_file() -> None:
    """Nobody mends a file one complaint at a time."""
    found = told(
        RULE
        + 'note = "{{ a }} {{ titel }}"\n'
        + RULE.replace("one", "one")
        + 'if = { city = "New York", remaining_below = 2 }\n'
    )
    assert [one.split(" ")[0] for one in found] == ["4:12", "4:20", "5:1", "6:1", "8:27"]
    assert len(told('[x]\n[[rule]]\nid = "a b"\n')) == 3


def test_a_rule_is_reachable_unless_all_of_it_is_taken() -> None:
    """Each predicate may only narrow; a rule that goes on takes nothing away."""
    wide = '[[rule]]\nid = "wide"\nwhen = ["ticket_type.s*_out", "ticket_type.added"]\n'
    narrow = '[[rule]]\nid = "narrow"\nwhen = ["ticket_type.sold_out"]\n'
    assert told(wide + narrow) != []
    assert told(wide + "continue = true\n" + narrow) == []
    for wider, narrower, reachable in (
        ('city = ["Oslo", "Bergen"]', 'city = "oslo"', False),
        ('city = "Oslo"', 'city = ["Oslo", "Bergen"]', True),
        ('event_name_contains = "gala"', 'event_name_contains = "the Gala night"', False),
        ('event_name_contains = "gala night"', 'event_name_contains = "gala"', True),
        ('event_name_contains = ["ball", "gala"]', 'event_name_contains = "gala night"', False),
        ('venue_contains = ["hall", "club"]', 'venue_contains = ["Town Hall", "clubhouse"]', False),
        ('venue_contains = ["hall", "club"]', 'venue_contains = ["Town Hall", "barn"]', True),
        ('starts_within = "7d"', 'starts_within = "2d"', False),
        ('starts_within = "2d"', 'starts_within = "7d"', True),
        ('starts_after = "2d"', 'starts_after = "7d"', False),
        ("price_at_least = 5000", "price_at_least = 9000", False),
        ("price_at_least = 9000", "price_at_least = 5000", True),
        ("price_at_least = 9000", "city = 'Oslo'", True),
    ):
        text = f"{wide}if = {{ {wider} }}\n{narrow}if = {{ {narrower} }}\n"
        assert (told(text, Known()) == []) is reachable, text


GLOB = '[[rule]]\nid = "it"\nwhen = ["box_office.*"]\n'
NEWS = (
    "it takes good news as well: {} and open another "
    "(name the kinds you mean instead; or the good news beside it, if you mean it)"
)


@pytest.mark.parametrize(
    ("when", "place", "kinds"),
    [
        ('["box_office.*"]', "3:9 {}[0]", "box_office.key_accepted, box_office.reachable and 5"),
        ('"event.*"', "3:1 {}[0]", "event.back_on_sale, event.known_status and 2"),
        ('["ticket_type.*"]', "3:9 {}[0]", "ticket_type.back_on_sale, ticket_type.restocked and 1"),
        ('["event.renamed", "*"]', "3:26 {}[1]", "event.back_on_sale, event.known_status and 12"),
    ],
)
def test_a_glob_that_takes_good_news_as_well(when: str, place: str, kinds: str) -> None:
    """It would open a second ticket, which nothing resolves; see below."""
    there = place.format("warning rule[0].when")
    news = NEWS.format(f"{kinds} more end a ticket")
    assert told(f'[[rule]]\nid = "it"\nwhen = {when}\n') == [f"{there}: {news}"]


@pytest.mark.parametrize(
    "meant",
    [
        'group_by = "day"',
        'group_by = "box_office"',
        "continue = true",
        'on_clear = "nothing"',
        'ticket.subject = "{{ kind }}: {{ title }}"',
        "note = '{% if kind == \"box_office.reachable\" %}again{% else %}gone{% endif %}'",
    ],
)
def test_good_news_that_may_be_meant_is_no_complaint(meant: str) -> None:
    """A journal; a ticket that is left alone; words for each kind."""
    assert told(GLOB + 'ticket.tags = ["it"]\n' + meant) == []


@pytest.mark.parametrize(
    "when",
    [
        (
            '["event.*", "event.back_on_sale", "event.known_status", "event.reinstated", '
            '"event.returned"]'
        ),
        '["event.sold_out", "event.back*"]',
        '["ticket_type.remov*"]',
        '["*.sold_out"]',
        '["event.back_on_sale"]',
    ],
)
def test_good_news_that_is_named_is_meant(when: str) -> None:
    """So is what a glob means by itself."""
    assert told(f'[[rule]]\nid = "it"\nwhen = {when}\n') == []


def test_good_news_that_a_rule_never_gets_is_no_complaint() -> None:
    """An earlier rule takes it, or its predicates do not let it in."""
    good = (
        *("key_accepted", "reachable", "quota_free", "delivered"),
        *("events_readable", "removal_understood", "one_ledger"),
    )
    listed = ", ".join(f'"box_office.{one}"' for one in good)
    first = f'[[rule]]\nid = "good"\nwhen = [{listed}]\nmessage = false\n'
    assert told(first + GLOB) == []
    assert len(told(first.replace('"box_office.delivered"', '"event.created"') + GLOB)) == 1
    wide = GLOB.replace("box_office", "ticket_type")
    assert told(wide + "if = { remaining_below = 10 }") == []
    assert told(wide.replace("ticket_type", "event") + 'if = { event_status = "SOLD_OUT" }') == []


def test_good_news_that_a_glob_takes_does_open_a_second_ticket() -> None:
    """What the complaint says is so."""
    decider = Decider(a_rule("event.*"))
    decider.apply("event.sold_out")
    assert decider.apply("event.back_on_sale")[-3:] == ["open", "tag", "message"]
    assert [case.kind for case in decider.live] == ["event.back_on_sale"]


def test_a_threshold_of_its_own_is_reachable_behind_the_general_one() -> None:
    """Low at ten left is not low at five."""
    general = '[[rule]]\nid = "low"\nwhen = ["ticket_type.low_stock"]\n'
    own = general.replace('"low"', '"own"') + "if = { remaining_below = 10 }\n"
    assert told(general + own) == []
    assert told(own + general) == []
    assert len(told(own + own.replace('"own"', '"b"').replace("10", "5"))) == 1


def test_a_removal_that_is_done_is_no_complaint() -> None:
    """Its ticket type is gone, as it should be; another's is missing."""
    one = (
        '[[removal]]\nbox_office = "main-room"\nevent = "gala-night"\nticket_type = "Box"\n'
        "after = 2027-01-01T00:00:00Z\n"
    )
    done = {"main-room": ["gala-night/Box/2027-01-01T00:00:00+00:00"]}
    assert len(told(one)) == 1
    assert told(one, attrs.evolve(KNOWN, removed=done)) == []
    assert len(told(one, attrs.evolve(KNOWN, removed={"annexe": done["main-room"]}))) == 1


def test_removals_that_are_there_twice() -> None:
    """One is enough, and does not read as two."""
    one = (
        '[[removal]]\nbox_office = "main-room"\nevent = "gala-night"\nticket_type = "Balcony"\n'
        "after = 2027-01-01T00:00:00Z\n"
    )
    assert told(one + one) == [
        "6:1 error removal[1]: it is there twice: line 7 removes the same (drop one of them)"
    ]


@pytest.mark.parametrize(
    ("silences", "problems"),
    [
        ([SILENCE], []),
        (
            [attrs.evolve(SILENCE, kinds=("evnt.*",))],
            ["silence 1: 'evnt.*' is not a kind of change"],
        ),
        ([attrs.evolve(SILENCE, rule="gone")], ["silence 1: there is no rule 'gone'"]),
        ([attrs.evolve(SILENCE, rule="gone", until=NOW)], []),
        (
            [SILENCE, attrs.evolve(SILENCE, id=2, kinds=("event.*",))],
            ["silence 2: it adds nothing to silence 1"],
        ),
        (
            [SILENCE, attrs.evolve(SILENCE, id=2, until=NOW + timedelta(days=1))],
            ["silence 1: it ends 2026-11-21 20:00 UTC, but silence 2 goes on"],
        ),
        (
            [
                attrs.evolve(SILENCE, kinds=("event.*",)),
                attrs.evolve(SILENCE, id=2, kinds=("event.sold_out",), event="gala-night"),
            ],
            ["silence 2: it adds nothing to silence 1"],
        ),
    ],
)
def test_silences(silences: list[Silence], problems: list[str]) -> None:
    """What silences nothing, adds nothing, or is contradicted by another one."""
    found = checked("", Known(silences=silences)).complaints
    assert [
        f"{one.path}: {one.problem}"[: len(p)] for one, p in zip(found, problems, strict=True)
    ] == problems
    assert not any(one.grave for one in found)


def test_what_no_rule_takes() -> None:
    """With the built-in rules the rest; without any, everything."""
    assert "event.sold_out" not in checked("").untaken
    assert "event.created" in checked("").untaken
    bare = checked("", head="built_in_rules = false\n" + HEAD)
    assert set(bare.untaken) == set(KINDS) - {"box_office.storm"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example_that_its_built_in_words_suit(kind: str) -> None:
    """Examples are what they say; and the built-in templates pass their own check."""
    change = example(kind)
    assert (change.event is not None) == KINDS[kind].of_event
    assert (change.ticket_type is not None) == KINDS[kind].of_ticket_type
    for use in ("subject", "body", "message", "cleared", "cleared_note", "superseded_note"):
        found = [flaw for flaw in flaws(built_in(kind, use), [kind]) if flaw.grave]
        # The words for any kind ask for the event before they name it.
        assert found == [], (use, found)
    assert {"title", "summary"} <= names(kind)
