"""The laws of the market above any base protocol, and that protocol's own laws."""
