"""The market's Hypothesis state machines, one for each base."""
