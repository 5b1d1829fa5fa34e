"""What people ask before and after: doctor, status, report, preview, explain, replay and rule
tests. Nothing here sends anything to a desk or changes what a pass decides.
"""
