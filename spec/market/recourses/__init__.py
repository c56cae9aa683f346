"""Recourse (the stake that can be slashed for an earlier point), as each base implements it."""
