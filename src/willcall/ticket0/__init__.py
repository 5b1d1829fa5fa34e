"""Ticket0: the tickets, messages and customers of one helpdesk workspace."""
