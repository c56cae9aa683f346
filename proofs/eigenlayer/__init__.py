"""EigenLayer's theory: its lemmas, the replacement rows for its loops, and its trusted contract of lists."""
