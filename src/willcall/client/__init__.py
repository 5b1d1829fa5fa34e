"""What every provider shares: flows and their drivers, retries, quota, endpoints, paging, codec.

Decisions: 0001, 0028, 0031, 0036, 0053, 0058, 0063, 0067, 0069, 0070, 0076, 0077, 0079
(docs/decisions).
"""
