"""Economic risk: what stake secures, what an attack costs, what fails with what, and what a position may lose.

Solvers propose; exact arithmetic decides. No float carries a verdict.
"""
