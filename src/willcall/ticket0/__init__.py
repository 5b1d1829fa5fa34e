"""Ticket0: the tickets, messages and customers of one helpdesk workspace.

Decisions: 0024, 0055, 0069 (docs/decisions).
"""
