"""The quota's window is looked through only when something may have come free; it says the same as
one that is looked through each time."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from willcall.client.quota import _MARGIN, Quota, Window

QUOTA = Quota(25, 10.0)


class Plain:
    """Every place is looked at, every time."""

    def __init__(self) -> None:
        self.slots: dict[int, tuple[float, bool]] = {}
        self.count = 0

    def take(self, moment: float, *, write: bool) -> tuple[float, int | None]:
        latest = moment + QUOTA.seconds + _MARGIN
        self.slots = {n: (min(f, latest), w) for n, (f, w) in self.slots.items() if f > moment}
        limit = QUOTA.requests
        if not write and sum(not w for _, w in self.slots.values()) >= limit // 10:
            limit -= limit // 25
        over = len(self.slots) - limit
        if over >= 0:
            return sorted(f for f, _ in self.slots.values())[over] - moment, None
        self.count += 1
        self.slots[self.count] = latest, write
        return 0.0, self.count

    def settle(self, moment: float, slot: int) -> None:
        # Of a process that was stopped, the place may be free again by the time of its answer.
        self.slots.setdefault(slot, (moment, False))
        free = moment + QUOTA.seconds + _MARGIN
        last = max(other for other, _ in self.slots.values())
        # A little earlier than the last counts as the last: threads come in any order.
        free = last if last - _MARGIN <= free < last else free
        self.slots[slot] = free, self.slots[slot][1]


steps = st.lists(
    st.tuples(
        st.sampled_from(["read", "write", "settle"]),
        # Mostly onwards; at times the clock is set back.
        st.floats(0, 0.5) | st.sampled_from([0.0, 9.0, 11.0, -5.0, -1e6]),
    ),
    max_size=150,
)


@given(steps)
@example([("read", 1e6), ("read", 20.0), ("read", -1e6), ("read", 11.0), ("read", 11.0)])
@example([("read", 0.0)] * 26)
@example([("read", 0.0), ("settle", 5.0), ("read", -1.0)])
@example([("read", 0.0), ("settle", -5.0), ("read", 11.0)])
@example([("read", 0.0), ("read", 11.0), ("settle", 0.0), ("read", 0.0)])
@settings(deadline=None, max_examples=300)
def test_it_says_the_same_as_one_that_is_looked_through_each_time(
    acts: list[tuple[str, float]],
) -> None:
    quick, plain, moment, open_slots = Window(), Plain(), 1e6, list[int]()
    for act, step in acts:
        moment = max(1.0, moment + step)
        if act == "settle" and open_slots:
            slot = open_slots.pop(0)
            quick.settle(QUOTA, moment, slot)
            plain.settle(moment, slot)
            continue
        wait = quick.take(QUOTA, moment, write=act == "write")
        assert (wait.seconds, wait.slot) == plain.take(moment, write=act == "write")
        assert quick.slots == plain.slots
        if wait.slot is not None:
            open_slots.append(wait.slot)
        # What was written down and read again says it, too.
        assert Window.load(quick.dump()).slots == quick.slots


def test_a_clock_that_was_set_back_does_not_lock_us_out() -> None:
    """Not even when nothing was taken at the time."""
    window = Window()
    window.tidy(QUOTA, 1e6)
    for _ in range(25):
        window.take(QUOTA, 0.0, write=True)
    assert window.take(QUOTA, 1.0, write=True).seconds > 0
    assert window.take(QUOTA, 11.0, write=True).seconds == 0
