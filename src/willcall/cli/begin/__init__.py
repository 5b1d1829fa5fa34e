"""Commands to begin with: ``init`` and ``doctor``."""
