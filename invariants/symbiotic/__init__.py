"""What must hold of Symbiotic, and random walks through it."""
