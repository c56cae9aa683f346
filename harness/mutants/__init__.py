"""Mutants: the specification with one bug in it, and whether the laws notice. None of it touches installed files."""
