"""``python -m willcall`` is the same as ``willcall``."""

from .cli import main

main()
