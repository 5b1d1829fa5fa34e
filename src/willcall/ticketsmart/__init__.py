"""TicketSmart: events, ticket types and availability of one box office.

Decisions: 0055, 0069, 0084 (docs/decisions).
"""
