"""Implementations of a protocol beside its specification: one wire protocol, one comparison, step by step.

A client is an object with five methods. The specification is one; a process that speaks the wire protocol is another.
"""
