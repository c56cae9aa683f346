"""Authority (the power of an account to split the stake of a pool between services), as each base implements it."""
