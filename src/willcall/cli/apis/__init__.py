"""Both APIs by hand: a module a collection, a command an endpoint, under the endpoint's name."""
