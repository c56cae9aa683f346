"""EigenLayer's theory: its lemmas, the rows as if which its laws hold within loops, and its contract of lists."""
