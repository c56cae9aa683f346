"""The proofs of the market, on a base of which nothing is known but its port."""
