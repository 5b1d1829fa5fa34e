"""From changes to conditions, from conditions to cases, and from cases to intents: what opens,
joins, supersedes, clears or holds a ticket, and what is said in it. Pure.
"""
