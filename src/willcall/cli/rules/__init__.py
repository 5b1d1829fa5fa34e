"""Commands about rules: ``check``, ``test``, ``preview``, ``explain``, ``replay``, ``simulate``."""
