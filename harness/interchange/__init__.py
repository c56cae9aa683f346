"""Traces in the forms of other tools."""
