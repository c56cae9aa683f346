"""Conformance testing: implementations of a protocol are compared with its specification, call by call, over one wire
protocol.

A client is an object with five methods. The specification is one; a process that speaks the wire protocol is another.
"""
