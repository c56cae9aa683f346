"""The protocols as pure transitions over tables of rows. The same source runs interpreted and compiled."""
