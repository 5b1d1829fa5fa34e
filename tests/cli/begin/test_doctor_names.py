"""What ``willcall doctor`` says of the names on TicketSmart's wire that nobody documents."""

from support.shell import Shell


def test_the_names_that_answers_have_are_no_news(configured: Shell) -> None:
    """All that is read is there."""
    assert (
        "names: events and ticket types have every field that is read" in configured("doctor").out
    )


def test_names_that_no_answer_has_are_named(configured: Shell) -> None:
    """With the line to set; once they are set, all is well."""
    from willcall.sandbox.inferred import OTHER_NAMES
    from willcall.ticketsmart.inferred import WIRE

    configured.served.sandbox.settings.change({"field_names": "other"})
    said = " ".join(configured("doctor").out.split())
    assert "no answer has these fields: " in said
    assert "event_ticket_types (ticketTypes)" in said
    assert "ticket_type_available (available)" in said
    assert "set that under [wire.ticketsmart]" in said
    lines = [f'{key} = "{OTHER_NAMES[name]}"' for key, name in WIRE.items() if name in OTHER_NAMES]
    configured.configure(more="\n[wire.ticketsmart]\n" + "\n".join(lines) + "\n")
    assert "names: events and ticket types have every field" in configured("doctor").out


def test_a_box_office_without_a_sale_shows_nothing(configured: Shell) -> None:
    """And that is said."""
    for event in configured.box_office.events:
        configured.box_office.set_status(event.id, "ARCHIVED")
    assert "no event is on sale" in configured("doctor").out
