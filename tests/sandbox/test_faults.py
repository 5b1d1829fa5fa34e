"""Every fault, in virtual time and without sockets."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from willcall.sandbox import ManualClock, Sandbox
from willcall.sandbox.inprocess import Caller, Dropped, Late, LocalResponse

TICKET = {
    "subject": "Sold out",
    "customerEmail": "organiser@example.com",
    "inboxId": "inb_01abc",
    "body": "No tickets are left.",
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return Sandbox(clock, desk="2025", ticketsmart_limit=None, ticket0_limit=None)


@pytest.fixture
def ts(sandbox: Sandbox) -> Caller:
    return Caller(sandbox, "ticketsmart")


@pytest.fixture
def t0(sandbox: Sandbox) -> Caller:
    return Caller(sandbox, "ticket0")


def lost(caller: Caller, value: object = TICKET) -> Dropped:
    with pytest.raises(Dropped) as caught:
        caller.post("/tickets", value)
    return caught.value


# What each does.


def test_lost_response_is_carried_out(sandbox: Sandbox, t0: Caller) -> None:
    fault = sandbox.faults.add("lost_response", service="ticket0", method="POST", count=1)
    assert lost(t0).received is None
    assert [ticket.subject for ticket in sandbox.desk.tickets] == ["Sold out"]
    assert t0.post("/tickets", TICKET).status == 201
    assert (fault.matches, fault.hits) == (2, 1)


@pytest.mark.parametrize("kind", ["lost_request", "down"])
def test_lost_request_is_not(sandbox: Sandbox, t0: Caller, kind: Any) -> None:
    sandbox.faults.add(kind, service="ticket0")
    lost(t0)
    assert sandbox.desk.tickets == []
    assert sandbox.requests[-1].status is None


def test_late_commit(sandbox: Sandbox, t0: Caller, clock: ManualClock) -> None:
    sandbox.faults.add("late_commit", method="POST", seconds=30, count=1)
    lost(t0)
    clock.advance(29.999)
    assert sandbox.desk.tickets == []
    assert sandbox.truth()["pendingCommits"] == 1
    clock.advance(5)
    assert t0.get("/tickets").json()["tickets"][0]["createdAt"] == "2026-09-01T12:00:30.000Z"
    assert sandbox.truth()["pendingCommits"] == 0
    assert len(sandbox.desk.tickets) == 1


def test_a_late_commit_shows_in_a_truth_that_was_taken_before(
    sandbox: Sandbox, t0: Caller, clock: ManualClock
) -> None:
    desk, office = sandbox.desk, sandbox.boxoffice
    sandbox.faults.add("late_commit", seconds=30)
    lost(t0)
    with pytest.raises(Dropped):
        Caller(sandbox, "ticketsmart").patch("/events/the-cherry-orchard", {"title": "Renamed"})
    assert office.event("the-cherry-orchard").title == "The Cherry Orchard"
    clock.advance(30)
    assert len(desk.tickets) == 1
    assert office.event("the-cherry-orchard").title == "Renamed"


def test_late_commits_keep_their_order(sandbox: Sandbox, t0: Caller, clock: ManualClock) -> None:
    slow = sandbox.faults.add("late_commit", seconds=60, count=1)
    lost(t0, TICKET | {"subject": "asked first"})
    sandbox.faults.remove(slow)
    sandbox.faults.add("late_commit", seconds=10, count=1)
    lost(t0, TICKET | {"subject": "asked second"})
    clock.advance(100)
    assert [t.subject for t in sandbox.desk.tickets] == ["asked second", "asked first"]


def test_late_commit_takes_its_place_in_the_limit(sandbox: Sandbox, t0: Caller) -> None:
    sandbox.settings.ticket0_limit = 1
    sandbox.faults.add("late_commit", seconds=1, count=1)
    lost(t0)
    assert t0.get("/tickets").status == 429


def test_delay_passes_by_the_clock(sandbox: Sandbox, t0: Caller, clock: ManualClock) -> None:
    start = clock.now()
    sandbox.faults.add("delay", seconds=7.5)
    assert t0.get("/tickets").status == 200
    assert (clock.now() - start).total_seconds() == 7.5
    with pytest.raises(Late):
        t0.send("POST", "/tickets", body=b'{"subject":"x"}', timeout=5)
    assert (clock.now() - start).total_seconds() == 12.5


def test_delay_goes_with_another_fault(sandbox: Sandbox, t0: Caller, clock: ManualClock) -> None:
    start = clock.now()
    sandbox.faults.add("delay", seconds=3)
    sandbox.faults.add("lost_response")
    lost(t0)
    assert (clock.now() - start).total_seconds() == 3
    assert len(sandbox.desk.tickets) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_status_as_a_proxy_says_it(sandbox: Sandbox, ts: Caller, status: int) -> None:
    sandbox.faults.add("status", status=status)
    answer = ts.get("/events")
    assert answer.status == status
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert str(status) in answer.body.decode()


def test_status_as_somebody_in_between_says_it(sandbox: Sandbox, ts: Caller) -> None:
    sandbox.faults.add("status", status=404, body="<h1>blocked</h1>")
    answer = ts.get("/events")
    assert (answer.status, answer.body) == (404, b"<h1>blocked</h1>")
    assert answer.header("content-type") == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "VALIDATION_ERROR"), (404, "NOT_FOUND"), (409, "CONFLICT")]
)
def test_a_refusal_as_the_services_say_it(
    sandbox: Sandbox, ts: Caller, t0: Caller, status: int, code: str
) -> None:
    sandbox.faults.add("status", status=status)
    assert isinstance(ts.get("/events").json()["error"], str)
    assert t0.get("/tickets").json()["error"]["code"] == code


def test_status_as_the_services_say_it(sandbox: Sandbox, ts: Caller, t0: Caller) -> None:
    fault = sandbox.faults.add("status", status=429)
    assert ts.get("/events").json() == {"error": "Rate limit exceeded. Try again later."}
    assert t0.get("/tickets").json()["error"]["code"] == "RATE_LIMITED"
    assert t0.get("/tickets").header("retry-after") is None
    sandbox.faults.remove(fault)
    sandbox.faults.add("status", status=500)
    assert t0.get("/tickets").json()["error"]["code"] == "INTERNAL"


@pytest.mark.parametrize("told", ["0", "-5", "3.5", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_status_with_an_odd_retry_after(sandbox: Sandbox, ts: Caller, told: str) -> None:
    sandbox.faults.add("status", status=429, body="{}", headers={"Retry-After": told})
    answer = ts.get("/events")
    assert (answer.status, answer.header("retry-after"), answer.json()) == (429, told, {})


def test_status_may_hide_a_request_carried_out(sandbox: Sandbox, t0: Caller) -> None:
    fault = sandbox.faults.add("status", status=502)
    assert t0.post("/tickets", TICKET).status == 502
    assert sandbox.desk.tickets == []
    sandbox.faults.remove(fault)
    sandbox.faults.add("status", status=504, carried_out=True)
    assert t0.post("/tickets", TICKET).status == 504
    assert len(sandbox.desk.tickets) == 1


def test_html(sandbox: Sandbox, ts: Caller) -> None:
    fault = sandbox.faults.add("html")
    answer = ts.get("/events")
    assert (answer.status, answer.body[:15]) == (200, b"<!doctype html>")
    sandbox.faults.remove(fault)
    sandbox.faults.add("html", body="<p>hello")
    assert ts.get("/events").body == b"<p>hello"


def test_truncated_and_cut(sandbox: Sandbox, t0: Caller) -> None:
    whole = t0.get("/tickets").body
    sandbox.faults.add("truncated", count=1)
    answer = t0.get("/tickets")
    assert (answer.status, answer.body) == (200, whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"."):
        answer.json()
    sandbox.faults.add("cut", count=1)
    assert lost(t0).received
    assert len(sandbox.desk.tickets) == 1


def test_garbage(sandbox: Sandbox, t0: Caller) -> None:
    sandbox.faults.add("garbage")
    answer = t0.post("/tickets", TICKET)
    assert (answer.status, answer.header("content-type")) == (201, "application/json")
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()
    assert len(sandbox.desk.tickets) == 1


def test_echo_key(sandbox: Sandbox, ts: Caller, t0: Caller) -> None:
    sandbox.faults.add("echo_key", status=400)
    for answer, key in (
        (ts.get("/events"), sandbox.ticketsmart_key),
        (t0.get("/tickets"), sandbox.ticket0_key),
    ):
        assert answer.status == 400
        assert key in answer.body.decode()


def test_tag_lag(sandbox: Sandbox, t0: Caller, clock: ManualClock) -> None:
    ticket = t0.post("/tickets", TICKET).json()["id"]
    t0.patch(f"/tickets/{ticket}", {"tags": ["wc-1"]})
    sandbox.faults.add("tag_lag", seconds=10)

    def found() -> int:
        return len(t0.get("/tickets", tag="wc-1").json()["tickets"])

    assert found() == 0
    assert t0.get("/tickets").json()["tickets"][0]["tags"] == ["wc-1"]
    clock.advance(9)
    t0.patch(f"/tickets/{ticket}", {"tags": ["other", "wc-1"]})
    assert found() == 0
    clock.advance(1)
    assert found() == 1


def test_shuffled_pages_repeat_and_hide(sandbox: Sandbox, ts: Caller) -> None:
    def read() -> list[str]:
        pages = [ts.get("/events", limit=2, page=n).json()["events"] for n in range(1, 6)]
        return [row["id"] for page in pages for row in page]

    straight = read()
    sandbox.faults.add("shuffle", service="ticketsmart")
    shuffled = read()
    assert len(shuffled) == len(straight) == 10
    assert len(set(shuffled)) < 10


def test_shuffled_cursors_stay_complete(sandbox: Sandbox, t0: Caller) -> None:
    ids = [t0.post("/tickets", TICKET).json()["id"] for _ in range(9)]
    sandbox.faults.add("shuffle")
    page = t0.get("/tickets", limit=2).json()
    seen = [row["id"] for row in page["tickets"]]
    while page["nextCursor"]:
        page = t0.get("/tickets", limit=2, cursor=page["nextCursor"]).json()
        seen += [row["id"] for row in page["tickets"]]
    assert sorted(seen) == sorted(ids)
    assert seen not in (ids, ids[::-1])


def test_a_row_moves_to_the_front_while_later_pages_are_read(sandbox: Sandbox, t0: Caller) -> None:
    ids = [t0.post("/tickets", TICKET).json()["id"] for _ in range(9)]

    def read() -> list[str]:
        page = t0.get("/tickets", limit=5).json()
        seen = [row["id"] for row in page["tickets"]]
        while page["nextCursor"]:
            page = t0.get("/tickets", limit=5, cursor=page["nextCursor"]).json()
            seen += [row["id"] for row in page["tickets"]]
        return seen

    assert read() == ids[::-1]
    fault = sandbox.faults.add("moving", nth=2)
    seen = read()
    (missed,) = set(ids) - set(seen)
    assert fault.hits == 1
    assert len(seen) == 8  # nothing came twice that would show it
    assert read() == [missed, *seen]


def test_skew(sandbox: Sandbox, ts: Caller) -> None:
    def off() -> float:
        date = parsedate_to_datetime(ts.get("/events").header("date") or "")
        return (date - sandbox.now()).total_seconds()

    assert off() == 0
    sandbox.faults.add("skew", seconds=-3600)
    assert off() == -3600


# Which requests they meet.


@pytest.mark.parametrize(
    ("pattern", "met"),
    [
        ("**", {"/tickets", "/tickets/tkt_1", "/tickets/tkt_1/messages", "/customers"}),
        ("/tickets", {"/tickets"}),
        ("/tickets/*", {"/tickets/tkt_1"}),
        ("/tickets/**", {"/tickets/tkt_1", "/tickets/tkt_1/messages"}),
        ("/tickets**", {"/tickets", "/tickets/tkt_1", "/tickets/tkt_1/messages"}),
        ("/*/*/messages", {"/tickets/tkt_1/messages"}),
        ("/[t]ickets", set()),
    ],
)
def test_globs(sandbox: Sandbox, pattern: str, met: set[str]) -> None:
    fault = sandbox.faults.add("down", path=pattern)
    paths = ("/tickets", "/tickets/tkt_1", "/tickets/tkt_1/messages", "/customers")
    assert {path for path in paths if fault.fits("ticket0", "GET", path)} == met


def statuses(caller: Caller, count: int) -> list[int]:
    return [caller.get("/tickets").status for _ in range(count)]


def test_nth_and_count(sandbox: Sandbox, t0: Caller) -> None:
    sandbox.faults.add("status", status=503, nth=2)
    assert statuses(t0, 4) == [200, 503, 200, 200]
    sandbox.faults.clear()
    sandbox.faults.add("status", status=503, nth=2, count=2)
    assert statuses(t0, 5) == [200, 503, 503, 200, 200]
    sandbox.faults.clear()
    sandbox.faults.add("status", status=503, count=2)
    assert statuses(t0, 3) == [503, 503, 200]
    sandbox.faults.clear()
    sandbox.faults.add("status", status=503)
    assert statuses(t0, 3) == [503, 503, 503]


def test_probability_follows_the_seed() -> None:
    def run(seed: int) -> list[int]:
        sandbox = Sandbox(ManualClock(), seed=seed, season=False, desk="2025", ticket0_limit=None)
        sandbox.faults.add("status", probability=0.3)
        return statuses(Caller(sandbox, "ticket0"), 100)

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 15 < run(1).count(500) < 45


def test_only_the_first_blow_counts(sandbox: Sandbox, t0: Caller) -> None:
    first = sandbox.faults.add("status", status=503, count=1)
    second = sandbox.faults.add("status", status=502)
    assert statuses(t0, 2) == [503, 502]
    assert (first.hits, second.hits) == (1, 1)


def test_faults_mind_service_and_method(sandbox: Sandbox, ts: Caller, t0: Caller) -> None:
    sandbox.faults.add("down", service="ticket0", method="post")
    assert ts.get("/events").status == 200
    assert t0.get("/tickets").status == 200
    lost(t0)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"kind": "flood"}, "kind"),
        ({"kind": "down", "service": "github"}, "service"),
        ({"kind": "down", "nth": 0}, "nth"),
        ({"kind": "down", "count": 0}, "count"),
        ({"kind": "down", "probability": 1.5}, "probability"),
        ({"kind": "status", "status": 42}, "status"),
        ({"kind": "delay"}, "seconds"),
        ({"kind": "late_commit", "seconds": -1}, "seconds"),
    ],
)
def test_nonsense_is_refused(sandbox: Sandbox, fault: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        sandbox.faults.add(**fault)
    with pytest.raises(LookupError):
        sandbox.faults.remove("flt_9")
    assert len(sandbox.faults) == 0


def test_the_log_names_faults_and_keys_and_never_shows_a_key(sandbox: Sandbox, ts: Caller) -> None:
    sandbox.faults.add("delay", seconds=1, count=1)
    ts.get("/events", search=sandbox.ticketsmart_key)
    Caller(sandbox, "ticketsmart", "ts_sk_live_stranger").get("/events/x")
    first, second = sandbox.requests
    assert (first.key, first.faults, first.status) == ("ticketsmart-1", ("delay",), 200)
    assert (second.key, second.status, second.path) == (None, 401, "/events/x")
    shown = repr(sandbox.requests) + repr(sandbox) + repr(sandbox.keys.of("ticketsmart"))
    for key in (sandbox.ticketsmart_key, sandbox.ticket0_key, "ts_sk_live_stranger"):
        assert key not in shown
    sandbox.forget_requests()
    assert sandbox.requests == []


def test_an_answer_is_a_triple(ts: Caller) -> None:
    status, headers, body = answer = ts.get("/events")
    assert isinstance(answer, LocalResponse)
    assert status == 200
    assert dict(headers)["content-length"] == str(len(body))
