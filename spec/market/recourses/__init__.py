"""Recourse for earlier points, as each base gives it."""
