"""The client floor: flows, engine, quota, paging, both providers, over real HTTP and simulated."""
