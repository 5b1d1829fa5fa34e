"""What all commands share.

The application and its lazy table of commands (``app``, ``commands``), exit codes and options, the
configuration with its ledger (``ledgers``), how results are printed (``show``, ``passes``,
``plans``, ``screen``, ``times``), progress on a terminal, logs for machines, and how a command ends
when it is asked to. Groups of commands import from here and never from each other.
"""
