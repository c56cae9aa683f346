"""Games of the market on each base."""
