"""EigenLayer's real contracts as a client: `python -m harness.clients.eigenlayer --artifacts FOLDER`.

The folder is one that a compiler of the contracts wrote, such as Foundry's `out`; docs/conformance.md says what is in
it. They run on an EVM in this process; what is deployed, called and observed is what `docs/traces.md` says of a trace.
"""
