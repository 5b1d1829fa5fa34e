"""A watch may end before and after each of its effects, in either of its flows.

Whoever watches after it brings the same final state, and nothing is done twice.
"""

import os
from collections.abc import Callable

import pytest

from support.virtual_watch import VirtualWatch


def _night(virtual: VirtualWatch) -> None:
    """Opens, tags, writes."""
    first, second = virtual.on_sale()[:2]
    virtual.box_office.sell_out(first.id)
    virtual.box_office.reschedule(second.id, days=2)


def _morning(virtual: VirtualWatch) -> None:
    """Notes and resolves."""
    for event in virtual.box_office.events:
        if event.status == "SOLD_OUT":
            virtual.box_office.restock(event.id, event.ticket_types[0].name, 30)
    for event in virtual.on_sale()[1:2]:
        virtual.box_office.cancel(event.id)


STRIDE = 1 if "WILLCALL_SEEDS" in os.environ else 11

SCENES: tuple[Callable[[VirtualWatch], None], ...] = (_night, _morning)


def _played(scene: int | None, boundary: int = 0) -> tuple[list[object], bool]:
    """Both scenes under a watch that ends at a boundary of one; the shape, whether it came to
    that."""
    virtual = VirtualWatch()
    virtual.run()
    ended = False
    virtual.begin()
    virtual.pass_time(2.0)
    for number, happens in enumerate(SCENES):
        happens(virtual)
        if number == scene:
            virtual.trouble.ends_at, virtual.trouble.counting = boundary, True
        virtual.pass_time(LONG_ENOUGH)
        if number == scene and virtual.trouble.counting is False:
            ended = True
            virtual.pass_time(180.0)  # the dead process's lease runs out
            virtual.begin()
            virtual.pass_time(12.0)
        virtual.trouble.counting = False
    virtual.pass_time(20.0)
    assert virtual.quiet(), f"boundary {boundary}"
    shape: list[object] = list(virtual.shape())
    assert virtual.leave().exit_code == 0
    return shape, ended


LONG_ENOUGH = 8.0
"""Seconds in which four events are seen, and all of it is delivered."""


@pytest.mark.parametrize("scene", range(len(SCENES)), ids=lambda n: SCENES[n].__name__.strip("_"))
def test_any_boundary(scene: int) -> None:
    """One after the other until the watch has settled untouched; in a campaign every single one."""
    wanted, _ = _played(None)
    boundary = scene
    while True:
        shape, ended = _played(scene, boundary)
        assert shape == wanted, f"ended at boundary {boundary}"
        if not ended:
            break
        boundary += STRIDE
    assert boundary > 60
