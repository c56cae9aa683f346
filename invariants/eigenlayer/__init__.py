"""Laws of EigenLayer, and random walks through it."""
