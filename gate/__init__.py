"""The gate for protocol changes: two versions of a protocol's rules, and a verdict on each of its calls.

Both versions run as processes of their own. A verdict says what was proved, or shows a trace that both replay.
"""
