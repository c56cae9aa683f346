"""Authority over stake, as each base gives it."""
