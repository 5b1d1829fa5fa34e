"""``willcall explain``: why something did or did not open a ticket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from ...bridge.config.tables import Config
    from ...bridge.insight.explain import Explanation, RuleAnswer
    from ...bridge.ledger import Ledger, Logged
    from ...bridge.model.cases import Condition
    from ...bridge.model.facts import EventFacts
    from ..shell.ledgers import Snapshots

_MARKER = re.compile(r"\[?(wc-[0-9a-z]{8})(-\d+)?\]?")
_MOST = 200


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A marker, a ticket (tkt_…), an event, a box office, "
            "or the number of a change in the log.",
        ),
    ],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """Say why something did or did not open a ticket: rule by rule, with every act.

    What became of a change is what the ledger has noted at the time. What the rules say of it is
    what they would say as they are written now. Nothing is sent.

    \b
    Examples:
      willcall explain the-cherry-orchard
      willcall explain wc-fe6j7trg
      willcall explain tkt_8js1v7q91e --json
    """
    from ..shell import show
    from ..shell.ledgers import opened

    with opened(config) as (settings, ledger):
        found = _found(settings, ledger, name)
    for number, one in enumerate(found):
        if as_json:
            show.as_json(_data(one))
            continue
        if number:
            screen.line()
        _text(one)
    return 0


def _found(config: Config, ledger: Ledger, name: str) -> list[Explanation]:
    from ..shell.ledgers import ambiguous, events_named, snapshots

    seen = snapshots(config, ledger)
    marker = _MARKER.fullmatch(name)
    if marker or ledger.cases(name=name):
        return _of_case(config, ledger, seen, marker[1] if marker else name)
    if re.fullmatch(r"#?\d{1,18}", name):
        return _of_change(config, ledger, seen, int(name.removeprefix("#")))
    if name in seen:
        return _of_box_office(config, ledger, seen, name)
    events = events_named(seen, name)
    if len(events) > 1:
        raise ambiguous("NAME", name, events)
    if not events:
        raise InputError(
            "NAME",
            f"the ledger knows no event, ticket, marker or change {name!r}",
            "`willcall log` shows what it knows; without a first run it knows nothing",
        )
    (box_office, event) = events[0]
    logged = ledger.log(box_office=box_office, event=event.id, limit=_MOST)
    # What waited (for a silence to end, say) has no change of its own that led to its case.
    found = [case.marker for case in ledger.cases(event=event.id)]
    markers = dict.fromkeys([*(one.marker for one in logged if one.marker), *found])
    return [_explained(config, ledger, box_office, seen, logged, list(markers), [event.id], event)]


def _of_case(config: Config, ledger: Ledger, seen: Snapshots, name: str) -> list[Explanation]:
    cases = ledger.cases(name=name)
    if not cases:
        fix = "`willcall log` shows those it knows"
        raise InputError("NAME", f"the ledger knows no case {name!r}", fix)
    return [
        _explained(
            config,
            ledger,
            case.box_office,
            seen,
            ledger.log(marker=case.marker, limit=_MOST),
            [case.marker],
            [subject for _, subject in case.members],
        )
        for case in cases
    ]


def _of_box_office(config: Config, ledger: Ledger, seen: Snapshots, name: str) -> list[Explanation]:
    """What happened to it as a whole: its key, its requests, storms."""
    from ...bridge.model.kinds import matching

    logged = ledger.log(box_office=name, kinds=matching(["box_office.*"]), limit=_MOST)
    markers = list(dict.fromkeys(one.marker for one in logged if one.marker))
    return [_explained(config, ledger, name, seen, logged, markers, [name])]


def _of_change(config: Config, ledger: Ledger, seen: Snapshots, number: int) -> list[Explanation]:
    logged = ledger.log(number=number)
    if not logged:
        fix = "`willcall log` shows those it knows"
        raise InputError("NAME", f"the ledger knows no change #{number}", fix)
    (one,) = logged
    markers = [one.marker] if one.marker else []
    subjects = [one.change.subject]
    return [_explained(config, ledger, one.change.box_office, seen, logged, markers, subjects)]


def _explained(
    config: Config,
    ledger: Ledger,
    box_office: str,
    seen: Snapshots,
    logged: list[Logged],
    markers: list[str],
    subjects: list[str],
    event: EventFacts | None = None,
) -> Explanation:
    import attrs

    from ...bridge.insight.explain import ExplainedCase, explain
    from ..shell.times import now

    def mine(one: Condition) -> bool:
        subject = one.change.subject
        return any(subject == name or subject.startswith(f"{name}/") for name in subjects)

    stories = [
        ExplainedCase(case=case, acts=tuple(ledger.intents(marker)))
        for marker in markers
        for case in ledger.cases(name=marker)
    ]
    found = explain(
        box_office,
        config.rules(),
        [(one.id, one.change, one.outcome, one.marker) for one in logged],
        [one for one in ledger.state(box_office).conditions if mine(one)],
        stories,
        ledger.silences(),
        seen.get(box_office, {}),
        now(),
    )
    return found if event is None else attrs.evolve(found, event=event, title=event.title)


# -- showing ----------------------------------------------------------------------------------


def _text(one: Explanation) -> None:
    from ...bridge.model.kinds import KINDS
    from ...bridge.templates.rendering import plain
    from ..shell import times

    event = one.event
    name = f" ({event.slug or event.id}): {event.status}" if event else ""
    screen.line(f"{plain(one.title)}{name}, {one.box_office}")
    if not one.changes:
        screen.line("  nothing has happened to it since the baseline, which alerts nobody")
    for told in one.changes:
        change = told.change
        what = f' "{plain(change.ticket_type.name)}"' if change.ticket_type else ""
        summary = KINDS[change.kind].summary
        at = times.moment(change.observed_at)
        screen.line(f"\n#{told.number}  {at}  {change.kind}{what} ({summary}): {told.outcome}")
        _rules(told.rules)
    held = {
        name for story in one.cases if story.case.state == "held" for name in story.case.members
    }
    for standing in one.conditions:
        condition = standing.condition
        one_type = condition.change.ticket_type
        of = f' "{plain(one_type.name)}"' if one_type else ""
        since = times.moment(condition.since)
        screen.line(
            f"\nstill so: {condition.change.kind}{of}, since {since}: {_state(condition, held)}"
        )
        if not condition.announced and condition.covered_by is None:
            _rules(standing.rules)
    for story in one.cases:
        case = story.case
        ticket = case.ticket_id or "no ticket yet"
        ended = f", ended {times.moment(case.ended_at)}" if case.ended_at else ""
        screen.line(
            f"\n{case.marker}  {ticket}: {case.state}, under {case.rule}, "
            f"since {times.moment(case.opened_at)}{ended}"
        )
        for act in story.acts:
            at = times.moment(act.attempted_at) if act.attempted_at else "not tried yet"
            until = f", not before {times.moment(act.retry_at)}" if act.retry_at else ""
            said = f": {act.error}" if act.error else ""
            screen.line(f"  {act.position:>2} {act.act:8} {act.state:10} {at}{until}{said}")


def _state(condition: Condition, held: set[tuple[str, str]]) -> str:
    if condition.name in held:
        return "held as part of a storm; `willcall release` lets it go"
    if condition.ending is not None:
        return "seems to be over; waits whether it stays so"
    if condition.announced:
        return f"told under {', '.join(sorted(condition.announced))}"
    if condition.covered_by is not None:
        return f"covered by {condition.covered_by}"
    return "no ticket tells of it"


def _rules(rules: tuple[RuleAnswer, ...]) -> None:
    about = [one for one in rules if one.about]
    for one in about:
        says = one.why or "takes it"
        if one.takes and one.why:
            says = f"takes it, but: {one.why}"
        screen.line(f"    {one.rule}: {says}")
    others = len(rules) - len(about)
    if others:
        which = f"the {others} other rules are" if about else f"all {others} rules are"
        if others == 1:
            which = "the other rule is" if about else "the one rule is"
        screen.line(f"    {which} about other kinds")


def _data(one: Explanation) -> dict[str, Any]:
    from ..shell.data import data

    return {
        "box_office": one.box_office,
        "title": one.title,
        "event": one.event and {"id": one.event.id, "slug": one.event.slug},
        "changes": [
            {
                "number": told.number,
                "kind": told.change.kind,
                "subject": told.change.subject,
                "observed_at": told.change.observed_at,
                "outcome": told.outcome,
                "marker": told.marker,
                "rules": told.rules,
            }
            for told in one.changes
        ],
        "standing": [
            {
                "kind": standing.condition.change.kind,
                "subject": standing.condition.change.subject,
                "since": standing.condition.since,
                "announced": sorted(standing.condition.announced),
                "covered_by": standing.condition.covered_by,
                "rules": standing.rules,
            }
            for standing in one.conditions
        ],
        "cases": [
            {**data(story.case), "acts": [_act(act) for act in story.acts]} for story in one.cases
        ],
    }


def _act(act: Any) -> dict[str, Any]:
    kept = ("position", "act", "state", "tries", "attempted_at", "retry_at", "error")
    return {name: getattr(act, name) for name in kept}
