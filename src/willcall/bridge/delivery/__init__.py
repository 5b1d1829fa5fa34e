"""Carrying out intents at the desk so that each happens exactly once: the sender, the lookup that
precedes a repeat, duplicates, scheduled removals, and the recovery of a lost ledger.
"""
