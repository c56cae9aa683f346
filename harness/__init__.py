"""How people run the specification: the command line, trace files, replay, reports."""
