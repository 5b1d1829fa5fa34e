"""When a list that is read step by step was seen whole, and when it has to be read again."""

from datetime import UTC, datetime

from willcall.bridge.detection.listing import ROUNDS, Listing
from willcall.bridge.model.facts import EventFacts
from willcall.bridge.ports import EventRows

STARTS = datetime(2027, 3, 11, tzinfo=UTC)


def step(ids: str, total: int | None = None, title: str = "x") -> EventRows:
    """A step that shows these events."""
    events = tuple(EventFacts(id=i, title=title, status="DRAFT", starts_at=STARTS) for i in ids)
    return EventRows(events=events, total=total)


def read(*rounds: list[EventRows]) -> tuple[bool | None, ...]:
    """What is said at the end of each reading of a list."""
    listing, said = Listing(), []
    for steps in rounds:
        for rows in steps:
            listing.take(rows)
        said.append(listing.complete())
    return tuple(said)


def test_a_list_in_which_nothing_moves_is_read_once() -> None:
    """With a total that agrees, or none; a single step is whole by itself."""
    assert read([step("ab", 3), step("c", 3)]) == (True,)
    assert read([step("ab"), step("c")]) == (True,)
    assert read([step("")]) == (True,)


def test_a_list_in_which_rows_move_is_read_again() -> None:
    """An event that came twice, a total that changes, or one that does not agree."""
    still = [step("ab", 4), step("cd", 4)]
    for moving in ([step("ab"), step("bc")], [step("ab", 4), step("cd", 5)], [step("ab", 4)] * 1):
        assert read([*moving, step("c", 4)], still) == (None, True)


def test_a_total_that_means_something_else_is_found_out() -> None:
    """Two readings agree, and it does not."""
    steps = [step("ab", 9), step("cd", 9)]
    assert read(steps, steps) == (None, True)


def test_a_list_that_never_rests_is_given_up() -> None:
    """Nothing can be said of what it did not show."""
    moving = [[step("ab"), step("b" + last)] for last in "cdefg"]
    assert read(*moving[:ROUNDS]) == (*[None] * (ROUNDS - 1), False)
    assert read([step("aa")]) == (False,)


def test_an_event_that_came_twice_is_as_it_was_seen_last() -> None:
    """Also from one reading to the next."""
    listing = Listing()
    listing.take(step("ab", title="old"))
    listing.take(step("b", title="new"))
    assert [event.title for event in listing.events.values()] == ["old", "new"]


def test_a_list_that_goes_round_in_circles_is_noticed() -> None:
    """Whatever its cursors say."""
    listing = Listing()
    listing.take(step("ab"))
    for _ in range(19):
        listing.take(step("ab"))
    assert not listing.endless
    listing.take(step("ab"))
    assert listing.endless
