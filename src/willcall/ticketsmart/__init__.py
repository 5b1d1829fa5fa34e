"""TicketSmart: events, ticket types and availability of one box office."""
