"""The market's Hypothesis state machine on each base."""
