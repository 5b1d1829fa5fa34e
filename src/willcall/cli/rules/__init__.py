"""Commands for writing rules.

``check`` finds what is wrong with a configuration, ``test`` runs test files, ``preview`` shows a
ticket as a rule would write it, ``explain`` says why a ticket was or was not opened, ``replay``
compares the past with edited rules, and ``simulate`` runs rules against simulated failures. None of
them sends anything.
"""
