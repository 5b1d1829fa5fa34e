"""Lists that may go on say so."""

from support.shell import Shell


def test_a_list_that_may_go_on_says_so(configured: Shell) -> None:
    """Unless it was asked for just so many."""
    for number in range(101):
        configured.desk.create_ticket(f"t{number}", "a@example.com", "inb_01abc", "x")
    said = configured("tickets", "list")
    assert len(said.out.splitlines()) == 101
    assert said.err == "willcall: 100 shown, and there may be more (-n N)\n"
    assert len(configured("tickets", "list", "-n", "200", "--json").json()) == 101
    said = configured("tickets", "list", "-n", "100")
    assert said.err == ""
