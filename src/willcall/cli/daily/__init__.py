"""Commands for daily use.

``run`` and ``watch`` poll the box offices and deliver; ``plan`` shows what a run would do.
``status``, ``log`` and ``report`` read the ledger and send nothing. ``silence``, ``release`` and
``dead`` are the decisions that people take.
"""
