"""Commands to try willcall out without keys.

``sandbox`` serves stand-ins for both services on this machine, ``demo`` plays a night of sales
against them. They need the extra ``willcall[sandbox]``.
"""
