"""What must hold of EigenLayer, and random walks through it."""
