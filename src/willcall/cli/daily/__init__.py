"""Commands for every day: ``run``, ``watch``, ``plan``, ``status``, ``log``, ``report``,
``silence``, ``release`` and ``dead``.
"""
