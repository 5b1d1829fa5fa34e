"""``willcall simulate``: tests rules against simulated failures."""

from __future__ import annotations

from typing import Annotated

import typer

from ...errors import InputError
from ..shell import terminal
from ..shell.options import AsJson, ConfigFile


def simulate(
    config: ConfigFile = None,
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", min=1, help="How many seeds.")
    ] = 100,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="K", help="Only this seed, step by step.")
    ] = None,
    first: Annotated[int, typer.Option("--first", metavar="K", help="The first seed.")] = 0,
    workers: Annotated[
        int, typer.Option("--workers", min=1, metavar="N", help="Number of processes.")
    ] = 1,
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="S", help="Stop after this many seconds.")
    ] = None,
    habits: Annotated[
        list[str] | None,
        typer.Option(
            "--habits",
            metavar="NAME",
            help="What a service may be like, such as baskets or auto-reply, or all; repeatable.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Test your rules against simulated failures, in virtual time. Nothing is sent.

    Each seed is a few minutes of a box office and a desk, with several runs at once, lost and late
    answers, killed processes, clocks that jump and people at work. Then the promise is checked:
    nothing is lost, nothing is sent twice, and what tickets and mails say is so. A seed that breaks
    it is printed and can be repeated. Exit 1 if there is one.

    With --habits the box office and the desk behave in ways that their documents leave open, a few
    in each seed.

    \b
    Examples:
      willcall simulate --seeds 500
      willcall simulate -c my.toml --seed 4711
    """
    from ...bridge.config.file import load
    from ...simulation.campaign import play_many, play_seed
    from ...simulation.desks import HABITS as OF_DESKS
    from ...simulation.habits import ALL
    from ...simulation.habits import HABITS as OF_OFFICES
    from ..shell import show

    for name in habits or ():
        if name != ALL and name not in {*OF_OFFICES, *OF_DESKS}:
            known = ", ".join((*OF_OFFICES, *OF_DESKS, ALL))
            raise InputError("--habits", f"{name!r} is unknown", f"known: {known}")
    loaded, _ = load(config)
    rules, delivery_policy = [loaded.rules()], loaded.delivery.policy()
    if seed is not None:
        result = play_seed(seed, rules, delivery_policy, habits or ())
        for line in result.trace:
            terminal.say(line)
        verdict = f"BROKEN: {result.broken}" if result.broken else "kept"
        terminal.say(f"seed {seed}: {verdict}")
        return 1 if result.broken else 0
    campaign = play_many(
        range(first, first + seeds),
        rules,
        delivery_policy=delivery_policy,
        habits=habits or (),
        workers=workers,
        seconds=seconds,
    )
    if as_json:
        show.as_json(campaign)
    else:
        terminal.say(campaign.report())
        for result in campaign.broken:
            show.aside(f"to repeat it step by step: willcall simulate --seed {result.seed}")
    return 1 if campaign.broken else 0
