"""The exit codes. The help, the man page and the documents show this table."""

from __future__ import annotations

CODES = {
    0: "success",
    1: "unexpected error: please report it",
    2: "the command line is wrong",
    3: "something is undelivered, refused, or not as a test expects",
    4: "plan --detailed-exitcode: a run would change something",
    75: "temporary: an API is down or out of requests, or another run is at work",
    77: "a key was rejected or lacks a scope",
    78: "the configuration or the ledger is wrong",
    130: "interrupted",
    143: "terminated (SIGTERM), after the act in hand was finished",
}
