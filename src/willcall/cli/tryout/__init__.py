"""Commands to try things out: ``sandbox`` and ``demo``."""
