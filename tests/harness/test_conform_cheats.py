"""Clients that cheat or misbehave in `restake conform`: each run ends with a clear verdict and its exit code, and none
passes.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness.commands import EXAMPLE, python_client, restake

pytestmark = [pytest.mark.usefixtures("example"), pytest.mark.source]

PROLOGUE = """
import json, sys
from client import StakingPool, answer
pool = StakingPool()
for line in sys.stdin:
    asked = json.loads(line)
    op, said = asked["op"], {"seq": asked["seq"], **answer(pool, asked)}
    text = None
"""
EPILOGUE = """
    print(json.dumps(said, ensure_ascii=False) if text is None else text, flush=True)
    if op == "bye":
        break
"""
NO_DIGESTS = 'if "digests" in said: said["digests"] = []\nif "digest" in said: said["digest"] = None\n'

FAULTS = {
    "seq is a number": ('text = json.dumps({**said, "seq": 0})', "'0' is a JSON number: integers are decimal strings"),
    "an amount is a float": (
        'if "returns" in said: text = json.dumps({**said, "returns": 1.0})',
        "'1.0' is a JSON number: integers are decimal strings",
    ),
    "a field more": ('if op == "apply": said["gas"] = "21000"', "unknown field 'gas'"),
    "a field more after bye": ('if op == "bye": said["thanks"] = "1"', "unknown field 'thanks'"),
    "accepted and refused": (
        'if op == "apply": said |= {"returns": "1", "rejected": "NotEnoughShares"}',
        "unknown field 'returns'",
    ),
    "supported and not": ('if op == "apply": said["unsupported"] = "maybe"', "unknown field 'rejected'"),
    "a field twice": (
        'if op == "apply": text = json.dumps(said)[:-1] + \', "digest": null}\'',
        "a field occurs twice in one object",
    ),
    "a list": ("text = json.dumps([said])", "expected an object, found"),
    "a mark of UTF-8": ('text = "\\ufeff" + json.dumps(said)', "not JSON at column 1"),
    "a name that controls a terminal": (
        'if op == "hello": said["name"] = "p\\u202eool\\x1b[2J"',
        "name: not printable: 'p\\u202eool\\x1b[2J'",
    ),
    "another version of the wire": ('if op == "hello": said["wire"] = "2"', "wire: expected '1', found '2'"),
    "a digest in upper case": (
        'if "digest" in said: said["digest"] = said["digest"].upper()',
        "digest: expected 64 hexadecimal digits",
    ),
    "a digest that nobody knows": (
        'if op == "hello": said["digests"] = ["md5"]',
        "digests: expected ['sha-256'] or [], found ['md5']",
    ),
    "a digest that was not declared": (
        'if op == "hello": said["digests"] = []',
        "a digest, from a client that says that it gives none",
    ),
    "a reason that was not declared": (
        'if op == "hello": said["reasons"] = "opaque"',
        "a reason, from a client that says that its reasons are opaque",
    ),
    "a table is left out at the end": ('if op == "state": del said["state"]["stakers"]', "where its state is another"),
}
DIVERGENCES = {
    "a table is left out": (NO_DIGESTS + 'if op == "state": del said["state"]["stakers"]', "state"),
    "digits of another script": ('if "returns" in said: said["returns"] = "\\uff11"', "returns"),
    "a zero before an amount": ('if "returns" in said: said["returns"] = "0" + said["returns"]', "returns"),
    "an amount in an object": ('if "returns" in said: said["returns"] = {"value": said["returns"]}', "returns"),
    "a reason of no letters": ('if "rejected" in said: said["rejected"] = ""', "reason"),
}
OPEN = {
    "no action": 'if op == "hello": said["actions"] = []',
    "no call": 'if op == "apply": said = {"seq": asked["seq"], "unsupported": "no"}',
    "no world": 'if op == "reset": said = {"seq": asked["seq"], "unsupported": "no"}',
    "no state": NO_DIGESTS + 'if op == "state": said = {"seq": asked["seq"], "unsupported": "no"}',
    "no reason": 'if op == "hello": said["reasons"] = "opaque"\nif "rejected" in said: said["rejected"] = None',
}


def conform(cheat: str, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report of a run against a right client whose answers the code in `cheat` alters."""
    lines = "".join([f"    {line}\n" for line in cheat.splitlines()])
    (Path.cwd() / "client.py").write_text((EXAMPLE.parent / "clients" / "client.py").read_text())
    Path("cheat.py").write_text(PROLOGUE + lines + EPILOGUE)
    command = ("conform", "--protocol", "pool_pack:PACK", "--timeout", "300", "--json", *options)
    result = restake(*command, "--client", python_client("cheat.py"))
    (report,) = json.loads(result.stdout)
    assert isinstance(result.return_value, int)
    return result.return_value, report


def test_who_does_not_cheat_is_green() -> None:
    code, report = conform("pass")
    assert (code, report["findings"], {case["verdict"] for case in report["cases"]}) == (0, [], {"AGREE"})


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_answer_is_a_fault(name: str) -> None:
    cheat, said = FAULTS[name]
    code, report = conform(cheat)
    finding = report["findings"][0]
    assert (code, finding["verdict"]) == (1, "CLIENT-FAULT")
    assert said in finding["detail"]


@pytest.mark.parametrize("name", DIVERGENCES)
def test_what_is_not_written_as_the_specification_writes_it_diverges(name: str) -> None:
    cheat, aspect = DIVERGENCES[name]
    code, report = conform(cheat)
    assert (code, {finding["verdict"] for finding in report["findings"]}) == (1, {"DIVERGES"})
    assert {finding["in"] for finding in report["findings"]} == {aspect}


@pytest.mark.parametrize("name", OPEN)
def test_who_declares_that_it_cannot_is_not_green(name: str) -> None:
    code, report = conform(OPEN[name])
    assert (code, report["findings"]) == (2, [])
    assert "UNSUPPORTED" in {case["verdict"] for case in report["cases"]}


@pytest.mark.parametrize("name", OPEN)
def test_nor_is_it_where_all_of_that_is_expected(name: str) -> None:
    Path("expected").write_text("staking_pool/*/*\n")
    assert conform(OPEN[name], "--expected-failures", "expected")[0] != 0
