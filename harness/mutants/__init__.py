"""Mutants: the specification with one bug each, and judgements whether the laws notice. Installed files
never change.
"""
