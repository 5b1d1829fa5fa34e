"""The job: observe a box office, see what changed, decide, and deliver each act exactly once."""
