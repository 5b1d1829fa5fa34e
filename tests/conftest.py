"""For every test."""

import signal

# What a shell starts in the background (`make test &`) ignores SIGINT, and so would each process
# that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
