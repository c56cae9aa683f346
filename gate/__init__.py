"""The gate for protocol changes: it compares two versions of a protocol's rules, and gives a verdict on each action.

Each version runs in processes of its own. A verdict states what was proved, or comes with a
run that both versions replay.
"""
