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
    from ...bridge.insight.explain import ExplainedCondition, Explanation, RuleAnswer
    from ...bridge.ledger import Ledger, Logged
    from ...bridge.model.cases import Condition, Intent
    from ...bridge.model.facts import EventFacts
    from ..shell.ledgers import Snapshots

_MARKER = re.compile(r"\[?(wc-[0-9a-z]{8})(-\d+)?\]?")
_MOST = 200


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A marker, a ticket, an event, a box office, or the number of a change.",
        ),
    ],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """Explain why something did or did not open a ticket, rule by rule, with every act.

    The outcome of a change is what the ledger recorded at the time; the rules are those of the
    current configuration. Nothing is sent.

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
    for number, explanation in enumerate(found):
        if as_json:
            show.as_json(_data(explanation))
            continue
        if number:
            screen.line()
        _text(explanation)
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
            "`willcall log` shows what it knows; before the first run it knows nothing",
        )
    (box_office, event) = events[0]
    logged = ledger.log(box_office=box_office, event=event.id, limit=_MOST)
    # A case that opened when a silence ended, for example, has no change of its own.
    found = [case.marker for case in ledger.cases(event=event.id)]
    markers = dict.fromkeys([*(entry.marker for entry in logged if entry.marker), *found])
    return [_explained(config, ledger, box_office, seen, logged, list(markers), [event.id], event)]


def _of_case(config: Config, ledger: Ledger, seen: Snapshots, name: str) -> list[Explanation]:
    cases = ledger.cases(name=name)
    if not cases:
        fix = "`willcall log` shows those that it knows"
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
    """What is about the box office as a whole: its key, its requests, storms."""
    from ...bridge.model.kinds import matching

    logged = ledger.log(box_office=name, kinds=matching(["box_office.*"]), limit=_MOST)
    markers = list(dict.fromkeys(entry.marker for entry in logged if entry.marker))
    return [_explained(config, ledger, name, seen, logged, markers, [name])]


def _of_change(config: Config, ledger: Ledger, seen: Snapshots, number: int) -> list[Explanation]:
    logged = ledger.log(number=number)
    if not logged:
        fix = "`willcall log` shows those that it knows"
        raise InputError("NAME", f"the ledger knows no change #{number}", fix)
    (entry,) = logged
    markers = [entry.marker] if entry.marker else []
    subjects = [entry.change.subject]
    return [_explained(config, ledger, entry.change.box_office, seen, logged, markers, subjects)]


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

    def wanted(condition: Condition) -> bool:
        subject = condition.change.subject
        return any(subject == name or subject.startswith(f"{name}/") for name in subjects)

    cases = [
        ExplainedCase(case=case, acts=tuple(ledger.intents(marker)))
        for marker in markers
        for case in ledger.cases(name=marker)
    ]
    state = ledger.state(box_office)
    found = explain(
        box_office,
        config.rules(),
        [(entry.id, entry.change, entry.outcome, entry.marker) for entry in logged],
        [held for held in state.conditions if wanted(held)],
        cases,
        ledger.silences(),
        seen.get(box_office, {}),
        now(),
        state,
    )
    return found if event is None else attrs.evolve(found, event=event, title=event.title)


# -- printing ---------------------------------------------------------------------------------


def _text(found: Explanation) -> None:
    from ...bridge.model.cases import UNSETTLED
    from ...bridge.model.kinds import KINDS
    from ...bridge.templates.rendering import plain
    from ..shell import times

    event = found.event
    name = f" ({plain(event.slug or event.id)}): {plain(event.status)}" if event else ""
    screen.line(f"{plain(found.title)}{name}, {found.box_office}")
    if not found.changes:
        screen.line("  no changes since the baseline, which alerts nobody")
    for entry in found.changes:
        change = entry.change
        what = f' "{plain(change.ticket_type.name)}"' if change.ticket_type else ""
        summary = KINDS[change.kind].summary
        at = times.moment(change.observed_at)
        screen.line(f"\n#{entry.number}  {at}  {change.kind}{what} ({summary}): {entry.outcome}")
        _rules(entry.rules)
    held = {
        name for known in found.cases if known.case.state == "held" for name in known.case.members
    }
    for still in found.conditions:
        condition = still.condition
        kind, ticket_type = condition.change.kind, condition.change.ticket_type
        of = f' "{plain(ticket_type.name)}"' if ticket_type else ""
        since = times.moment(condition.since)
        screen.line(f"\nholds: {kind}{of}, since {since}: {_state(still, held)}")
        if not condition.announced and condition.covered_by is None:
            _rules(still.rules)
    for known in found.cases:
        case = known.case
        ticket = case.ticket_id or "no ticket yet"
        ended = f", ended {times.moment(case.ended_at)}" if case.ended_at else ""
        screen.line(
            f"\n{case.marker}  {ticket}: {case.state}, under {case.rule}, "
            f"since {times.moment(case.opened_at)}{ended}"
        )
        for act in known.acts:
            at = times.moment(act.attempted_at) if act.attempted_at else "not tried yet"
            waits = act.retry_at if act.state in UNSETTLED else None
            until = f", not before {times.moment(waits)}" if waits else ""
            error = f": {act.error}" if act.error else ""
            screen.line(f"  {act.position:>2} {act.act:8} {act.state:10} {at}{until}{error}")


def _state(still: ExplainedCondition, held: set[tuple[str, str]]) -> str:
    from ...bridge.model.rules import KNOWN_BEFORE

    condition = still.condition
    if condition.name in held:
        return "held back by a storm; `willcall release` releases it"
    if condition.ending is not None:
        return "seems to have ended; waits to see whether that lasts"
    if condition.announced:
        return f"announced under {', '.join(sorted(condition.announced))}"
    if condition.covered_by is not None:
        tickets = ", ".join(
            f"{case.ticket_id or 'no ticket yet'} [{case.marker}]" for case in still.covered_in
        )
        return f"covered by {condition.covered_by}" + (f", in {tickets}" if tickets else "")
    if condition.known:
        return KNOWN_BEFORE
    return "no ticket announces it"


def _rules(rules: tuple[RuleAnswer, ...]) -> None:
    about = [answer for answer in rules if answer.about]
    for answer in about:
        text = answer.why or "takes it"
        if answer.takes and answer.why:
            text = f"takes it, but: {answer.why}"
        screen.line(f"    {answer.rule}: {text}")
    others = len(rules) - len(about)
    if others:
        which = f"{others} other rules are" if about else f"all {others} rules are"
        if others == 1:
            which = "1 other rule is" if about else "the only rule is"
        screen.line(f"    {which} about other kinds")


def _data(found: Explanation) -> dict[str, Any]:
    from ...client.model import data

    return {
        "box_office": found.box_office,
        "title": found.title,
        "event": found.event and {"id": found.event.id, "slug": found.event.slug},
        "changes": [
            {
                "number": entry.number,
                "kind": entry.change.kind,
                "subject": entry.change.subject,
                "observed_at": entry.change.observed_at,
                "outcome": entry.outcome,
                "marker": entry.marker,
                "rules": entry.rules,
            }
            for entry in found.changes
        ],
        "conditions": [
            {
                "kind": still.condition.change.kind,
                "subject": still.condition.change.subject,
                "since": still.condition.since,
                "announced": sorted(still.condition.announced),
                "covered_by": still.condition.covered_by,
                "covered_in": [
                    {"ticket_id": case.ticket_id, "marker": case.marker}
                    for case in still.covered_in
                ],
                "rules": still.rules,
            }
            for still in found.conditions
        ],
        "cases": [
            {**data(known.case), "acts": [_act(act) for act in known.acts]} for known in found.cases
        ],
    }


def _act(act: Intent) -> dict[str, Any]:
    kept = ("position", "act", "state", "tries", "attempted_at", "retry_at", "error")
    return {name: getattr(act, name) for name in kept}
