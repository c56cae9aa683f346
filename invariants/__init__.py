"""The invariants: the catalogue of laws, each declared once, and the checks that are made from each declaration."""
