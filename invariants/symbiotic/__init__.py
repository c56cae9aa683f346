"""Laws of Symbiotic, and random walks through it."""
