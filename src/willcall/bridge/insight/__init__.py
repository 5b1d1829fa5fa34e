"""What people ask before and after: doctor, status, report, preview, explain, replay and rule
tests. Nothing here sends anything to a desk or changes what a pass decides.

Private to the package: ``handshake``, ``virtual``. Other packages import the rest.

Decisions: 0013, 0026, 0066 (docs/decisions).
"""
