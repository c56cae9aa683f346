"""Economic risk: the stake behind services, the cost of attacks, contagion, and the losses of a position.

Solvers only propose results; exact arithmetic decides. No verdict depends on a float.
"""
