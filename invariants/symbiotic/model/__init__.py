"""The model laws of Symbiotic: each rule restated independently, by its guards, its exact effects and its write set.

They fix the order of checks and every rounding. The properties, which hold however the rules are written, are in the
folder above, by concern.
"""
