"""Ten thousand events are compared in less than a second of CPU, and in less than 200 MB."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parents[3] / "benchmarks" / "bench_diff.py"


def bench() -> Any:
    """The benchmark, as a module."""
    spec = importlib.util.spec_from_file_location("bench_diff", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_diff"] = module
    spec.loader.exec_module(module)
    return module


def test_ten_thousand_events_are_compared_in_a_second() -> None:
    """`python benchmarks/bench_diff.py` prints the figures; here the bounds are generous."""
    module = bench()
    assert (module.EVENTS, module.TYPES) == (10_000, 5)
    found = module.run()
    for name in ("diff, nothing changed", "diff, every event changed"):
        assert found[name].seconds < 1.0, name
        held = found["(making the facts of both polls)"].bytes
        assert held + found[name].bytes < 200_000_000, name
    assert found["diff, nothing changed"].result == ((), {})
    changes, differing = found["diff, every event changed"].result
    assert (len(changes), len(differing)) == (1000, 10_000)
    assert {change.kind for change in changes} == {"ticket_type.sold_out"}
