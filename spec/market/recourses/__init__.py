"""Recourse for earlier points, as each base implements it."""
