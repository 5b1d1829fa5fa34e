"""Commands that look after the ledger.

``db`` checks, copies, migrates and prunes it; ``recover`` rebuilds a lost ledger from the tickets
at the desk.
"""
