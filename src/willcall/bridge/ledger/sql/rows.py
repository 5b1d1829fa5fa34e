"""Values to rows and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
from sqlalchemy.engine import Row

from ...model import wishes
from ...model.cases import Act, Case, CaseState, Intent, IntentState
from ...model.rules import Silence


def case_of(row: Row[Any]) -> Case:
    """A case."""
    values = dict(row._mapping)
    values["group"] = values.pop("group_key")
    values["members"] = tuple((kind, subject) for kind, subject in values["members"])
    kept = values["wishes"]
    values["wishes"] = None if kept is None else wishes.from_json(kept)
    values["taken_back"] = {
        (kind, subject): datetime.fromisoformat(at) for kind, subject, at in values["taken_back"]
    }
    return Case(**{**values, "state": CaseState(values["state"])})


def case_row(case: Case) -> dict[str, Any]:
    """All of a case but its ticket's id, which is delivery's to write."""
    row = attrs.asdict(case, recurse=False)
    del row["ticket_id"]
    row["group_key"] = row.pop("group")
    row["members"] = [list(name) for name in case.members]
    row["wishes"] = None if case.wishes is None else wishes.to_json(case.wishes)
    row["taken_back"] = [[*name, at.isoformat()] for name, at in case.taken_back.items()]
    return {**row, "state": str(case.state)}


def intent_of(row: Row[Any]) -> Intent:
    """An intent."""
    values = dict(row._mapping)
    del values["settled"], values["settled_at"], values["box_office"]
    removal = values.pop("removal")
    values["case"] = removal if removal is not None else values["case"]
    values["act"], values["state"] = Act(values["act"]), IntentState(values["state"])
    return Intent(**values)


def intent_row(box_office: str, intent: Intent) -> dict[str, Any]:
    """A new intent."""
    row = attrs.asdict(intent, recurse=False)
    del row["id"]
    removal = intent.act is Act.REMOVE
    return {
        **row,
        "box_office": box_office,
        "case": None if removal else intent.case,
        "removal": intent.case if removal else None,
        "act": str(intent.act),
        "state": str(intent.state),
        "settled": False,
    }


def silence_of(row: Row[Any]) -> Silence:
    """A silence."""
    values = dict(row._mapping)
    return Silence(**{**values, "kinds": tuple(values["kinds"])})
