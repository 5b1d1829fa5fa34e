"""The configuration file ``willcall.toml``: it is read, every key is checked, and each complaint
names line, column and the nearest valid name. Also where API keys come from, and which rules
shadow others.

Private to the package: ``shadowing``. Other packages import the rest.

Decisions: 0008, 0012, 0014, 0015, 0020, 0056, 0065, 0072 (docs/decisions).
"""
