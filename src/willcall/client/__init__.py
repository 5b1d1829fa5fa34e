"""What every provider shares: flows and their drivers, retries, quota, endpoints, paging, codec."""
