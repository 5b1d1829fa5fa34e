"""Commands for the shell itself: ``completion`` and ``manual``."""
