"""Markers: derived, so the same everywhere and always; and found only where we have put them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from willcall.bridge.model.markers import (
    act_marker,
    case_marker,
    in_subject,
    in_text,
    marks,
    read_subject,
)

CASE = ("main-room", "built-in/event.sold_out", "event.sold_out", "evt_1", 1)
Case = tuple[str, str, str, str, int]
MARKER = case_marker(*CASE)
# No name or id has a unit separator in it: that is why it separates.
parts = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]))
cases = st.tuples(parts, parts, parts, parts, st.integers(1, 10_000))


@pytest.mark.parametrize(
    ("case", "marker"),
    [
        (("main-room", "built-in/event.sold_out", "event.sold_out", "evt_1", 1), "wc-rcw2nqjd"),
        (("main-room", "built-in/event.sold_out", "event.sold_out", "evt_1", 2), "wc-2dhwtjxk"),
        (("main-room", "gala", "event.sold_out", "evt_1", 1), "wc-d5825ys4"),
        (("main-room", "built-in/event.cancelled", "event.cancelled", "evt_1", 1), "wc-z42m8s8e"),
        (
            (
                "Großer Saal",
                "built-in/ticket_type.sold_out",
                "ticket_type.sold_out",
                "evt_1/tt_é",
                1,
            ),
            "wc-994wq1j8",
        ),
    ],
)
def test_a_marker_is_what_it_has_always_been(case: Case, marker: str) -> None:
    """Tickets out there carry it: to change how it is derived is to forget them."""
    assert marker == case_marker(*case)


@given(cases)
def test_a_marker_reads_back_from_its_subject(case: Case) -> None:
    """Whatever the case is about."""
    marker = case_marker(*case)
    assert read_subject(in_subject("Sold out: Late Laughs", marker)) == marker


@given(cases, cases)
def test_different_cases_have_different_markers(one: Case, other: Case) -> None:
    """What a box office is called may not be mistaken for what happened in it."""
    assert (case_marker(*one) == case_marker(*other)) == (one == other)


def test_neighbours_do_not_run_into_each_other() -> None:
    """The parts are told apart."""
    assert case_marker("a", "r", "bc", "d", 1) != case_marker("a", "rb", "c", "d", 1)
    assert case_marker("a", "r", "b", "c1", 1) != case_marker("a", "r", "b", "c", 11)


@given(st.text(), cases)
def test_no_title_hides_the_marker(title: str, case: Case) -> None:
    """Nor does one that looks like a marker: the last one counts, and ours is last."""
    marker = case_marker(*case)
    assert read_subject(in_subject(title, marker)) == marker
    assert read_subject(in_subject(f"{title} [wc-00000000]", marker)) == marker


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (f"Sold out: Late Laughs [{MARKER}]", MARKER),
        (f"Re: Sold out: Late Laughs [{MARKER}]", MARKER),
        (f"AW: [{MARKER}] Late Laughs", MARKER),
        (f"[wc-00000000] [{MARKER}]", MARKER),
        (f"[[{MARKER}]]", MARKER),
        ("Sold out: Late Laughs", None),
        ("", None),
        (f"Sold out ({MARKER})", None),
        (f"Sold out {MARKER}", None),
        (f"[{MARKER}", None),
        (f"[{MARKER}-3]", None),
        (f"[{MARKER}0]", None),
        (f"[{MARKER.upper()}]", None),
        ("[wc-3k9f2m7]", None),
        ("[wc-iiiiiiii]", None),
        ("[wc-uuuuuuuu]", None),
        ("[wc-3k9f 2m7]", None),
        (f"[x{MARKER}]", None),
    ],
)
def test_reading_a_subject(subject: str, expected: str | None) -> None:
    """Only whole, and only in brackets."""
    assert expected == read_subject(subject)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (in_text("It is back on sale.", f"{MARKER}-3"), True),
        (in_text("It is back on sale.", f"{MARKER}-3") + "\n\n-- \nYour box office", True),
        (in_text("It is back on sale.", f"{MARKER}-3").replace("\n", "\r\n"), True),
        (f"Reference: {MARKER}-3", True),
        (f"  Reference: {MARKER}-3\t", True),
        (in_text("It is back on sale.", f"{MARKER}-33"), False),
        (in_text("It is back on sale.", f"{MARKER}-1"), False),
        (in_text("It is back on sale.", MARKER), False),
        (f"> Reference: {MARKER}-3", False),
        (f"| Reference: {MARKER}-3", False),
        (f"As you wrote, Reference: {MARKER}-3", False),
        (f"Reference: {MARKER}-3.", False),
        (f"{MARKER}-3", False),
        ("", False),
    ],
)
def test_finding_an_act_in_a_text(text: str, expected: bool) -> None:
    """In a line of its own, a signature below it or not; never in a quotation."""
    assert expected == marks(text, act_marker(MARKER, 3))


@given(st.text(), st.integers(1, 99), st.integers(1, 99))
def test_an_act_is_never_taken_for_another(text: str, position: int, other: int) -> None:
    """Were it, a message would not be sent."""
    written = in_text(text, act_marker(MARKER, position))
    assert marks(written, act_marker(MARKER, position))
    assert marks(written, act_marker(MARKER, other)) == (position == other)


def test_nothing_in_a_marker_is_misread_on_the_phone() -> None:
    """No i, l, o or u, and one case of letters."""
    found = "".join(case_marker("main-room", "r", "event.moved", str(n), 1)[3:] for n in range(500))
    assert set("0123456789abcdefghjkmnpqrstvwxyz") == set(found)
