"""``willcall customers``."""

from support.shell import Shell


def test_customers_are_kept(configured: Shell) -> None:
    """Made, found, changed; a fact that is not named stays."""
    made = configured.object(
        "customers", "upsert", "--external-id", "p-7", "--email", "ana@example.com",
        "--name", "Ana", "--metadata", "hall=main", "-y",
    )  # fmt: skip
    again = configured.object(
        "customers", "upsert", "--external-id", "p-7", "--email", "x@example.com", "-y"
    )
    assert again == made
    after = configured.object("customers", "update", made["id"], "--metadata", "plan=gold",
                "--clear", "name", "--remove-metadata", "hall", "-y")  # fmt: skip
    assert (after["name"], after["metadata"]) == (None, {"plan": "gold"})
    assert configured.object("customers", "get", made["id"]) == after
    assert configured.object("customers", "list", "--external-id", "p-7") == after
    assert configured.object("customers", "list", "--email", "ana@example.com")["id"] == made["id"]
    other = configured.object("customers", "create", "--email", "bo@example.com", "-y")
    assert other["id"] != made["id"]
    text = configured("customers", "get", made["id"]).out
    assert "metadata.plan  gold" in text
    assert "ana@example.com" in configured("customers", "list").out
    said = configured(
        "customers", "update", made["id"], "--metadata", "a=1", "--remove-metadata", "a", "-y"
    )
    assert said.code == 2
