"""A watch may end before and after each of its effects, in either of its flows.

Whoever watches after it brings the same final state, and nothing is done twice.
"""

import os
from collections.abc import Callable

import pytest

from support.vigil import Vigil


def _night(vigil: Vigil) -> None:
    """Opens, tags, writes."""
    first, second = vigil.on_sale()[:2]
    vigil.box_office.sell_out(first.id)
    vigil.box_office.reschedule(second.id, days=2)


def _morning(vigil: Vigil) -> None:
    """Notes and resolves."""
    for event in vigil.box_office.events:
        if event.status == "SOLD_OUT":
            vigil.box_office.restock(event.id, event.ticket_types[0].name, 30)
    for event in vigil.on_sale()[1:2]:
        vigil.box_office.cancel(event.id)


STRIDE = 1 if "WILLCALL_SEEDS" in os.environ else 11

SCENES: tuple[Callable[[Vigil], None], ...] = (_night, _morning)


def _played(scene: int | None, boundary: int = 0) -> tuple[list[object], bool]:
    """Both scenes under a watch that ends at a boundary of one; the shape, whether it came to
    that."""
    vigil = Vigil()
    vigil.run()
    ended = False
    vigil.begin()
    vigil.pass_time(2.0)
    for number, happens in enumerate(SCENES):
        happens(vigil)
        if number == scene:
            vigil.trouble.ends_at, vigil.trouble.counting = boundary, True
        vigil.pass_time(LONG_ENOUGH)
        if number == scene and vigil.trouble.counting is False:
            ended = True
            vigil.pass_time(180.0)  # the dead process's lease runs out
            vigil.begin()
            vigil.pass_time(12.0)
        vigil.trouble.counting = False
    vigil.pass_time(20.0)
    assert vigil.quiet(), f"boundary {boundary}"
    shape: list[object] = list(vigil.shape())
    assert vigil.leave().exit_code == 0
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
