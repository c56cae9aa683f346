"""Clients of the wire protocol that run the protocols' real contracts."""
