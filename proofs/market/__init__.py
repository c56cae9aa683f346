"""The proofs of the market, on a base of which only the port is known."""
