"""Closures: all code that a rule can reach, and no other. Code that the gate does not understand counts as reached."""

from pathlib import Path

import pytest

from gate.changes import Change, changes
from gate.closures import Closures, NotReadError
from tests.gate.prepared import DISPATCH, ROOT

pytestmark = pytest.mark.source

RULES = '''
"""A protocol."""
from other import helper
LIMIT = 3
UNUSED = 4
class Reason(Enum):
    """Reasons."""
    A = "a"
    B = "b"
class In:
    pass
class Out:
    pass
def go_in(draft, action):
    """Words."""
    return helper(LIMIT) if action else Reason.A
'''
RULES += DISPATCH


def made(folder: Path, rules: str = RULES, other: str = "def helper(x: int) -> int:\n    return x\n") -> Closures:
    folder.mkdir(exist_ok=True)
    (folder / "rules.py").write_text(rules)
    (folder / "other.py").write_text(other)
    return Closures(folder, "rules:PROTOCOL")


def changed(base: Closures, head: Closures, action: str) -> list[str]:
    return [change.shown for change in changes(base, head, base.of(action), head.of(action))]


ORDERED = "order:of all statements"
"""The name of the change that the gate reports if a statement has an effect on import. Its place among the statements
may then matter.
"""


@pytest.mark.parametrize(
    ("before", "after", "of_in", "of_out"),
    [
        ('"""Words."""', '"""Other words."""  # and a comment', [], []),
        ("LIMIT = 3", "LIMIT = 4", ["rules:LIMIT"], []),
        ("UNUSED = 4", "UNUSED = 5", [], []),
        ('A = "a"', 'A = "c"', ["rules:Reason.A"], []),
        ("return Reason.B", "return Reason.A", [], ["rules:go_out"]),
        ('B = "b"', 'B = "b"\n    C = "c"', [], []),
        ("        return go_in(draft, action)", "        return go_in(draft, None)", ["rules:transition of In"], []),
        ("UNUSED = 4", "UNUSED = 4\nif LIMIT:\n    LIMIT += 1", [ORDERED, "rules:module"], [ORDERED, "rules:module"]),
        (
            "    if isinstance(action, In):",
            "    if RULE[action]:",
            ["rules:transition of In"],
            ["rules:transition of Out"],
        ),
    ],
)
def test_a_change_concerns_the_actions_that_reach_it(
    tmp_path: Path, before: str, after: str, of_in: list[str], of_out: list[str]
) -> None:
    assert RULES.count(before) == 1
    base, head = made(tmp_path / "base"), made(tmp_path / "head", RULES.replace(before, after))
    found = {action: changed(base, head, action) for action in ("In", "Out")}
    if "RULE" in after:  # the rule of the other action is reached, too, where a dispatch is not understood
        assert "rules:go_out" in [f"{module}:{name}" for module, name in head.of("In")]
    assert found == {"In": of_in, "Out": of_out}


def test_a_dispatch_may_hand_on_and_ask_for_several(tmp_path: Path) -> None:
    """If a dispatch calls a second dispatch, the gate follows that one, too. A branch that tests for several classes
    counts for every action of these classes.
    """
    handed = RULES.replace("class Out:\n    pass\n", "class Out:\n    pass\nclass Away:\n    pass\nBoth = Out | Away\n")
    handed = handed.replace("    return go_out(draft, action)", "    return others(draft, action)")
    handed += """
def others(draft, action):
    if isinstance(action, Out):
        return go_out(draft, action)
    return away(draft, action)
def away(draft, action):
    return 1
"""
    base = made(tmp_path / "base", handed)
    head = made(tmp_path / "head", handed.replace("    return 1", "    return 2"))
    assert {action: changed(base, head, action) for action in ("In", "Out", "Away")} == {
        "In": [],
        "Out": [],
        "Away": ["rules:away"],
    }
    both = handed.replace("isinstance(action, Out)", "isinstance(action, Both)")
    head = made(tmp_path / "both", both.replace("return Reason.B", "return Reason.A"))
    assert changed(made(tmp_path / "one", both), head, "Away") == ["rules:go_out"]


def test_other_modules_count_as_far_as_they_are_reached(tmp_path: Path) -> None:
    base = made(tmp_path / "base")
    head = made(tmp_path / "head", other="def helper(x: str) -> int:\n    return x + 1\ndef spare():\n    pass\n")
    (change,) = changes(base, head, base.of("In"), head.of("In"))
    assert attributes(change) == ("other:helper", "other.py", 1, 2)
    assert changed(base, head, "Out") == []
    assert [each.shown for each in changes(base, head, base.everything(), head.everything())] == [
        "other:helper",
        "other:spare",
    ]


def attributes(change: Change) -> tuple[str, str, int, int]:
    return change.shown, change.file, change.line, change.last_line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:\n", "rules.py:1: invalid syntax"),
        ("from other import *\n", "rules.py:1: what `import *` brings is not understood"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(NotReadError) as refused:
        made(tmp_path / "head", text)
    assert said in str(refused.value)


@pytest.mark.parametrize("protocol", ["eigenlayer", "symbiotic"])
def test_each_rule_of_ours_reaches_its_own_function_and_no_codec(protocol: str) -> None:
    closures = Closures(ROOT, f"spec.{protocol}:PROTOCOL")
    action, function = {"eigenlayer": ("BurnShares", "burn_shares"), "symbiotic": ("Claim", "_claim")}[protocol]
    names = {name for module, name in closures.of(action) if module.startswith(f"spec.{protocol}.")}
    assert function in names
    assert {module for module, name in closures.of(action) if name and "codec" in module} == set()
    assert "slash_operator" not in names
    assert "veto_slash" not in names
