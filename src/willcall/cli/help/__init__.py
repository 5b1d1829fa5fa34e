"""Commands about the command line itself.

``completion`` prints a script for the shell, ``manual`` the man page and the reference in the
documents. Both are generated from the commands.
"""
