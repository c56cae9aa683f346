"""A value of a module that one call changes and another reads: a change of the first call's rule counts for both."""

from pathlib import Path

import pytest

from tests.gate.test_candidates import IN, START, told

pytestmark = pytest.mark.source


@pytest.mark.parametrize(
    ("value", "rule", "read"),
    [
        ("SEEN = [0]", "SEEN[0] += 1", "SEEN[0]"),
        ("SEEN = {}", "SEEN['a'] = 1", "SEEN.get('a', 0)"),
        ("SEEN = {'a': [0]}", "SEEN['a'].append(1)", "SEEN"),
        ("SEEN: 'Final' = set()", "SEEN.add(1)", "SEEN"),
        ("SEEN = 0", "global SEEN\n    SEEN = 1", "SEEN"),
        ("SEEN = [0]", "seen = SEEN\n    seen[0] = 1", "SEEN[0]"),
        ("SEEN = [0]\ndef put(where, n):\n    where[0] = n", "put(SEEN, 1)", "SEEN[0]"),
        ("class Seen:\n    def add(self, n):\n        self.n = n\nSEEN = Seen()", "SEEN.add(1)", "SEEN.n"),
        ("class Seen:\n    n = 0", "Seen.n = 1", "Seen.n"),
        ("class Seen:\n    n = []", "Seen.n.append(1)", "Seen.n"),
        ("from collections import deque\nSEEN = deque()", "SEEN.appendleft(1)", "SEEN[0]"),
        ("from heapq import heappush\nSEEN = []", "heappush(SEEN, 1)", "SEEN[0]"),
        ("from unknown import Cache\nSEEN = Cache()", "SEEN.put(1)", "SEEN.n"),
        ("def seen(n, kept=[0]):\n    kept[0] += n\n    return kept[0]", "seen(1)", "seen(0)"),
        ("from itertools import count\nSEEN = count()", "[next(SEEN) for _ in range(1)]", "next(SEEN)"),
        ("SEEN, TOO = [0], [0]", "SEEN[0] += 1", "SEEN[0]"),
        ("for SEEN in [[0]]:\n    pass", "SEEN[0] += 1", "SEEN[0]"),
        ("from other import SEEN", "SEEN[0] += 1", "SEEN[0]"),
        ("import other", "other.SEEN[0] += 1", "other.SEEN[0]"),
        ("import other", "other.SEEN = [1]", "other.total()"),
    ],
)
def test_a_rule_that_leaves_something_is_reached_by_whoever_reads_it(
    tmp_path: Path, value: str, rule: str, read: str
) -> None:
    """Regression: the rule of another call filled a dictionary or counted, and its change was SAME for the reader."""
    source = f"{START}{IN}{value}\ndef go_in(draft, action):\n    {rule}\n    return 1\n{DISPATCH_READING}"
    files = {"rules.py": source.replace("HERE", read), "other.py": "SEEN = [0]\ndef total():\n    return SEEN[0]\n"}
    line = f"    {rule}\n    return 1"
    assert rule.count("1") == 1
    found = told(tmp_path, files, {"rules.py": (line, line.replace(rule, rule.replace("1", "2")))}, "Out")
    assert "rules:go_in" in found


DISPATCH_READING = """def go_out(draft, action):
    return HERE
def transition(draft, action):
    if isinstance(action, In):
        return go_in(draft, action)
    return go_out(draft, action)
PROTOCOL = Protocol(name="p", transition=transition)
"""


@pytest.mark.parametrize(
    ("value", "rule", "read"),
    [
        ("FEES = {'a': 1}", "return FEES['a'] + 1", "FEES['a']"),
        ("FEES = (1, 2)\nSEEN = [0]", "SEEN[0] += 1 + FEES[0]", "FEES[0]"),
        ("TABLE = SCHEMA.table('rows', Row())", "action.rows[0] = draft.get(TABLE, 1)", "draft.get(TABLE, 1)"),
        ("FEES = [1]", "fees = [1]\n    fees.append(1)", "FEES[0]"),
    ],
)
def test_a_rule_that_leaves_nothing_there_is_not_reached(tmp_path: Path, value: str, rule: str, read: str) -> None:
    source = f"{START}{IN}{value}\ndef go_in(draft, action):\n    {rule}\n    return 1\n{DISPATCH_READING}"
    files = {"rules.py": source.replace("HERE", read)}
    assert told(tmp_path, files, {"rules.py": ("    return 1", "    return 2")}, "Out") == []
