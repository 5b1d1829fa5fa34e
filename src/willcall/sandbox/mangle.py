"""What a fault makes of a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from willcall.sandbox.inferred import MESSAGE_INTERNAL, MESSAGE_RATE_LIMITED
from willcall.sandbox.wire import Reply, Request

if TYPE_CHECKING:
    from willcall.sandbox.faults import Fault
    from willcall.sandbox.keys import Service

PORTAL = "<!doctype html><title>Sign in</title><h1>Sign in to this network</h1>"
PROXY = "<!doctype html><title>{status}</title><h1>{status}</h1><p>upstream did not answer</p>"
GARBAGE = bytes(range(128, 256))


def mangle(
    fault: Fault, service: Service, request: Request, reply: Reply | None
) -> tuple[Reply | None, int | None]:
    """The reply as it leaves (``None``: the connection drops), and where its body is cut, if it is.

    ``reply`` is what the service answered, ``None`` if the request was not carried out.
    """
    match fault.kind:
        case "status":
            return _status(fault, service), None
        case "html":
            return Reply.html(fault.body or PORTAL), None
        case "garbage":
            whole = reply or Reply(200)
            return Reply(whole.status, GARBAGE, {"content-type": "application/json"}), None
        case "echo_key":
            return _echo(fault, service, request), None
        case "truncated" if reply is not None:
            return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers), None
        case "cut" if reply is not None:
            return reply, len(reply.body) // 2
        case _:
            return None, None


def _status(fault: Fault, service: Service) -> Reply:
    """Given words, else what stands before a service (a proxy) or the service itself would say."""
    if fault.body is not None:
        reply = Reply(fault.status, fault.body.encode(), {"content-type": "application/json"})
    elif fault.status == 429 and service == "ticketsmart":
        reply = Reply.json({"error": "Rate limit exceeded. Try again later."}, 429)
    elif service == "ticket0" and fault.status in (429, 500):
        code = "RATE_LIMITED" if fault.status == 429 else "INTERNAL"
        words = MESSAGE_RATE_LIMITED if fault.status == 429 else MESSAGE_INTERNAL
        reply = Reply.json({"error": {"code": code, "message": words}}, fault.status)
    else:
        reply = Reply.html(PROXY.format(status=fault.status), fault.status)
    reply.headers.update({name.lower(): value for name, value in fault.headers.items()})
    return reply


def _echo(fault: Fault, service: Service, request: Request) -> Reply:
    sent = request.headers.get("x-api-key" if service == "ticketsmart" else "authorization", "")
    message = f"Could not process request with credentials {sent}"
    if service == "ticketsmart":
        return Reply.json({"error": message, "details": [sent]}, fault.status)
    return Reply.json({"error": {"code": "INTERNAL", "message": message}}, fault.status)
