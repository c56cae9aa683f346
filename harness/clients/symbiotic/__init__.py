"""Symbiotic's real contracts as a client: `python -m harness.clients.symbiotic --core FOLDER`.

The folder is the npm package `@symbioticfi/core`, whose release contains the contracts' bytecode. The contracts run on
an EVM in this process. docs/traces.md says what is deployed, called and observed.
"""
