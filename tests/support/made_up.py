"""A made-up predicate and a made-up kind, each one object, and everything that follows from it.

Run in a process of its own, before anything else of the bridge is imported. A real predicate is an
entry of ``model/predicates.py``; a real kind an entry of ``model/kinds/`` and its words, a section
of ``templates/words.toml``. The tables in the documentation and the golden page are written again
with ``WILLCALL_GOLDEN=write``.
"""

from __future__ import annotations

from datetime import timedelta

import attrs

from willcall.bridge.model.kinds import KINDS, TypeKind
from willcall.bridge.model.kinds.kind import TypeDiffers
from willcall.bridge.model.predicates import PREDICATES, TEXTS, EventPredicate


def _folded(texts: tuple[str, ...]) -> set[str]:
    return {text.casefold() for text in texts}


PREDICATES["country"] = EventPredicate(
    name="country",
    form=TEXTS,
    means="the country is one of these, by its code",
    implies=lambda narrow, wide: _folded(narrow) <= _folded(wide),
    test=lambda wanted, event: (
        None
        if _folded((event.country or "",)) <= _folded(wanted)
        else f"country is {event.country}"
    ),
)
KINDS["ticket_type.cheaper"] = TypeKind(
    name="ticket_type.cheaper",
    summary="a ticket type costs less",
    built_in=True,
    seen=TypeDiffers(("price",), lambda before, after: (after.price or 0) < (before.price or 0)),
    example=lambda one: (attrs.evolve(one, price=(one.price or 0) + 500), one),
)


def main() -> None:
    """Everything that should work."""
    from support import tables
    from willcall.bridge.alerting.decide import decide
    from willcall.bridge.config.check import Known, check
    from willcall.bridge.detection.diff import between
    from willcall.bridge.insight.explain import rule_answers
    from willcall.bridge.insight.preview import preview
    from willcall.bridge.model.cases import State
    from willcall.bridge.templates.examples import EVENT, example

    now = EVENT.starts_at - timedelta(days=5)
    head = (
        '[[box_office]]\nname = "main-room"\n[desk]\ninbox_id = "inb_1"\n'
        'customer_email = "organiser@example.com"\n'
    )

    def rule(name: str, asks: str) -> str:
        return f'[[rule]]\nid = "{name}"\nwhen = ["ticket_type.cheaper"]\nif = {{ {asks} }}\n'

    def problems(text: str) -> list[str]:
        return [f"{one.problem} ({one.fix})" for one in check(head + text, Known(), now).complaints]

    # Reading, and what the check says of a misspelt name and of a value of another form.
    found = check(head + rule("north", 'country = ["CA", "US"]'), Known(), now)
    assert found.complaints == (), found.complaints
    assert problems(rule("a", 'contry = "US"')) == ["no such key (did you mean 'country'?)"]
    assert problems(rule("a", "country = 1")) == [
        'it is not a list of texts (write it as country = ["…", "…"])'
    ]
    wide_first = rule("wide", 'country = ["CA", "US"]') + rule("narrow", 'country = "us"')
    assert "'narrow' never gets anything" in problems(wide_first)[0]
    narrow_first = rule("narrow", 'country = "us"') + rule("wide", 'country = ["CA", "US"]')
    assert problems(narrow_first) == []

    # Detection, the decision, and the words, from the example.
    assert found.config is not None
    rules = found.config.rules()
    change = example("ticket_type.cheaper", at=now)
    assert change.event is not None
    assert change.before is not None
    before, after = {change.event.id: change.before}, {change.event.id: change.event}
    seen = between("main-room", before, after, now)
    kinds = sorted(one.kind for one in seen)
    assert kinds == ["ticket_type.cheaper", "ticket_type.price_changed"]
    decision = decide("main-room", State(snapshot=before), seen, after, now, rules)
    assert [(case.rule, case.kind) for case in decision.cases] == [("north", "ticket_type.cheaper")]
    shown = preview(rules, "north", now)
    assert shown.subject == "Gala Night: a ticket type costs less, Fri 12 Mar 2027"
    abroad = attrs.evolve(change, event=attrs.evolve(change.event, country="FR"))
    why = {one.rule: one.why for one in rule_answers(rules, abroad, abroad.event, now, (), now)}
    assert why["north"] == "country is FR"
    assert why["built-in/ticket_type.cheaper"] is None

    # The documentation.
    assert "| `country` | the country is one of these, by its code |" in tables.predicates()
    row = "| `ticket_type.cheaper` | normal | - | a ticket type costs less | yes |"
    assert row in tables.kinds()
    assert "| a ticket type costs less | normal | - | the event is cancelled," in tables.tickets()


if __name__ == "__main__":
    main()
