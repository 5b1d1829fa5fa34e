"""For every test."""

import signal

from support.unclosed import warn_of_unclosed_databases

# What a shell starts in the background (`make test &`) ignores SIGINT, and so would each process
# that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

warn_of_unclosed_databases()
