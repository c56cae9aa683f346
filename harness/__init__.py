"""Tools to run the specification: the command line, trace files, replay, reports."""

__version__ = "0.1.0"
