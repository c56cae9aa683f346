"""The model: a second account of every rule, its checks, its effects to the unit and its write set.

It pins the order of checks and every rounding. What an auditor would ask of a protocol however its rules are written is
beside it, by concern.
"""
