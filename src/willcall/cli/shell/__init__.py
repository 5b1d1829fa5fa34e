"""What all commands share: the application and its table of commands, exit codes, options, logs,
progress, and how results are printed.
"""
