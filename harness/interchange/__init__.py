"""Traces converted to the formats of other tools."""
