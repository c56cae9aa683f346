"""Symbiotic's real contracts as a client: `python -m harness.clients.symbiotic --core FOLDER`.

The folder is that of the npm package `@symbioticfi/core`, whose release carries the contracts' bytecode. They run on an
EVM in this process; what is deployed, called and observed is what `docs/traces.md` says of a trace.
"""
