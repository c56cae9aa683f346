"""Proofs: the engine that lifts the specification's source into z3, and what it proves with it."""
