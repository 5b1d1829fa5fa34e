"""Warn of SQLite connections that were never closed, on every supported Python.

Python 3.13 and later do this themselves. Warnings are errors in these tests, so a leaked connection
fails the suite on Python 3.11 and 3.12 as well.
"""

import sqlite3
import sys
import warnings
from sqlite3 import dbapi2
from typing import Any


class _Connection(sqlite3.Connection):
    _open = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._open = True

    def close(self) -> None:
        super().close()
        self._open = False

    def __del__(self) -> None:
        if self._open:
            text = f"unclosed database in {self!r}"
            warnings.warn(text, ResourceWarning, stacklevel=2, source=self)


def warn_of_unclosed_databases() -> None:
    """Make ``sqlite3.connect`` return connections that warn, where they do not do so already."""
    if sys.version_info < (3, 13):
        connect = sqlite3.connect

        def warning(*args: Any, **options: Any) -> Any:
            return connect(*args, **{"factory": _Connection, **options})

        for module in (sqlite3, dbapi2):  # SQLAlchemy takes it from `dbapi2`
            vars(module)["connect"] = warning
