"""The laws of the market above any base, and the base's own laws beneath it."""
