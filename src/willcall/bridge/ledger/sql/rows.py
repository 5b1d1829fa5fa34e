"""Values to rows and back."""

from __future__ import annotations

from typing import Any

import attrs
from sqlalchemy.engine import Row

from ...model.cases import Act, Case, CaseState, Condition, Decision, Intent, IntentState
from ...model.changes import change_from_json, change_to_json
from ...model.rules import Silence


def case_of(row: Row[Any]) -> Case:
    """A case."""
    values = dict(row._mapping)
    values["group"] = values.pop("group_key")
    values["members"] = tuple((kind, subject) for kind, subject in values["members"])
    return Case(**{**values, "state": CaseState(values["state"])})


def case_row(case: Case) -> dict[str, Any]:
    """All of a case but its ticket's id, which is delivery's to write."""
    row = attrs.asdict(case)
    del row["ticket_id"]
    row["group_key"] = row.pop("group")
    row["members"] = [list(name) for name in case.members]
    return {**row, "state": str(case.state)}


def intent_of(row: Row[Any]) -> Intent:
    """An intent."""
    values = dict(row._mapping)
    del values["settled"], values["settled_at"]
    values["act"], values["state"] = Act(values["act"]), IntentState(values["state"])
    return Intent(**values)


def intent_row(intent: Intent) -> dict[str, Any]:
    """A new intent."""
    row = attrs.asdict(intent, recurse=False)
    del row["id"]
    return {**row, "act": str(intent.act), "state": str(intent.state), "settled": False}


def condition_of(box_office: str, row: Row[Any]) -> Condition:
    """A condition."""
    return Condition(
        change=change_from_json(box_office, row.change),
        announced=frozenset(row.announced),
        covered_by=row.covered_by,
        ending=row.ending and change_from_json(box_office, row.ending),
    )


def condition_row(box_office: str, condition: Condition) -> dict[str, Any]:
    """A condition."""
    kind, subject = condition.name
    return {
        "box_office": box_office,
        "kind": kind,
        "subject": subject,
        "change": change_to_json(condition.change),
        "announced": sorted(condition.announced),
        "covered_by": condition.covered_by,
        "ending": condition.ending and change_to_json(condition.ending),
    }


def silence_of(row: Row[Any]) -> Silence:
    """A silence."""
    values = dict(row._mapping)
    return Silence(**{**values, "kinds": tuple(values["kinds"])})


def change_rows(decision: Decision) -> list[dict[str, Any]]:
    """What was recorded, as rows."""
    return [
        {
            "box_office": decision.box_office,
            "kind": one.change.kind,
            "event_id": one.change.event.id if one.change.event else None,
            "ticket_type_id": one.change.ticket_type.id if one.change.ticket_type else None,
            "observed_at": one.change.observed_at,
            "change": change_to_json(one.change),
            "outcome": one.outcome,
            "marker": one.marker,
        }
        for one in decision.recorded
    ]
