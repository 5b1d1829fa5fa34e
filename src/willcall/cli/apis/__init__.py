"""Both APIs by hand: a command for every endpoint of TicketSmart and Ticket0.

Options are the parameters of the Python clients; every write is shown as it would be sent and needs
a yes. These are the only commands that know the two providers.
"""
