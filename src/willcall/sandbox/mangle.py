"""What a fault makes of a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from willcall.sandbox.inferred import MESSAGE_INTERNAL, MESSAGE_RATE_LIMITED
from willcall.sandbox.wire import WireReply, WireRequest

if TYPE_CHECKING:
    from willcall.sandbox.faults import Fault
    from willcall.sandbox.keys import Service

PORTAL = "<!doctype html><title>Sign in</title><h1>Sign in to this network</h1>"
PROXY = "<!doctype html><title>{status}</title><h1>{status}</h1><p>upstream did not answer</p>"
GARBAGE = bytes(range(128, 256))

# What each service says of itself (documented), where nothing about the request is wrong.
_WORDS: dict[tuple[Service, int], str | tuple[str, str]] = {
    ("ticketsmart", 400): "Validation failed",
    ("ticketsmart", 404): "Event not found",
    ("ticketsmart", 409): "Slug is already taken",
    ("ticketsmart", 429): "Rate limit exceeded. Try again later.",
    ("ticket0", 400): ("VALIDATION_ERROR", "The request is not valid"),
    ("ticket0", 404): ("NOT_FOUND", "Not found"),
    ("ticket0", 409): ("CONFLICT", "Conflict"),
    ("ticket0", 429): ("RATE_LIMITED", MESSAGE_RATE_LIMITED),
    ("ticket0", 500): ("INTERNAL", MESSAGE_INTERNAL),
}


def mangle(
    fault: Fault, service: Service, request: WireRequest, reply: WireReply | None
) -> tuple[WireReply | None, int | None]:
    """The reply as it leaves (``None``: the connection drops), and where its body is cut, if it is.

    ``reply`` is what the service answered, ``None`` if the request was not carried out.
    """
    match fault.kind:
        case "status":
            return _status(fault, service), None
        case "html":
            return WireReply.html(fault.body or PORTAL), None
        case "garbage":
            whole = reply or WireReply(200)
            return WireReply(whole.status, GARBAGE, {"content-type": "application/json"}), None
        case "echo_key":
            return _echo(fault, service, request), None
        case "truncated" if reply is not None:
            return WireReply(reply.status, reply.body[: len(reply.body) // 2], reply.headers), None
        case "cut" if reply is not None:
            return reply, len(reply.body) // 2
        case _:
            return None, None


def _status(fault: Fault, service: Service) -> WireReply:
    """Given words (a page, if they begin with ``<``), else what the service itself would say, else
    what stands before it (a proxy)."""
    words = _WORDS.get((service, fault.status))
    if fault.body is not None and fault.body.startswith("<"):
        reply = WireReply.html(fault.body, fault.status)
    elif fault.body is not None:
        reply = WireReply(fault.status, fault.body.encode(), {"content-type": "application/json"})
    elif words is None:
        reply = WireReply.html(PROXY.format(status=fault.status), fault.status)
    elif isinstance(words, str):
        reply = WireReply.json({"error": words}, fault.status)
    else:
        code, message = words
        reply = WireReply.json({"error": {"code": code, "message": message}}, fault.status)
    reply.headers.update({name.lower(): value for name, value in fault.headers.items()})
    return reply


def _echo(fault: Fault, service: Service, request: WireRequest) -> WireReply:
    sent = request.headers.get("x-api-key" if service == "ticketsmart" else "authorization", "")
    message = f"Could not process request with credentials {sent}"
    if service == "ticketsmart":
        return WireReply.json({"error": message, "details": [sent]}, fault.status)
    return WireReply.json({"error": {"code": "INTERNAL", "message": message}}, fault.status)
