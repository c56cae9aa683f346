"""Mutants: the specification with one bug each, and judges that test if the laws notice. Installed files
never change.
"""
