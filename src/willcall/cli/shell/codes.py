"""The exit codes: the one table that the help, the man page and the documents show."""

from __future__ import annotations

CODES = {
    0: "all is well",
    1: "unexpected: please report it",
    2: "the command line is wrong",
    3: "it ran, but something is undelivered, refused or not as a test expects",
    4: "plan --detailed-exitcode: a run would change something",
    75: "for now: an API is down or out of requests, or another run is at work",
    77: "a key was rejected or lacks a scope",
    78: "the configuration or the ledger is wrong",
    130: "interrupted",
    143: "asked to leave (SIGTERM): it finished the act in hand first",
}
