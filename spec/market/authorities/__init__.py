"""Authority over stake, as each base implements it."""
