"""The values that all other packages of the bridge share: the facts that are kept of an event, the
kinds of change, conditions, cases and intents, rules, markers, addresses, policies and exit codes.
Pure: no I/O, no clock, no ledger.

Decisions: 0002, 0003, 0004, 0005, 0012, 0016, 0056, 0059, 0065, 0071, 0083 (docs/decisions).
"""
