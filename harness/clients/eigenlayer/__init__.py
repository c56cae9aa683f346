"""EigenLayer's real contracts as a client: `python -m harness.clients.eigenlayer --artifacts FOLDER`.

The folder is the output of a compiler, such as Foundry's `out`; docs/conformance.md lists its content. The contracts
run on an EVM in this process. docs/traces.md says what is deployed, called and observed.
"""
