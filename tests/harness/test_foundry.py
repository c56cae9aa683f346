"""`restake export --to foundry`: the output is valid Solidity, and asserts what the trace contains."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.interchange.foundry import write_foundry
from harness.protocols import pack_at
from harness.traces import load_json
from spec.codec import MalformedTrace, as_object
from tests.harness.npm import SOLC, needs

pytestmark = pytest.mark.source

GOLDEN = Path(__file__).parents[1] / "golden"

COMPILE = """
const solc = require(process.argv[1]);
const errors = JSON.parse(require("fs").readFileSync(0, "utf8")).map((content) => {
  const settings = {outputSelection: {"*": {"*": ["abi"]}}};
  const found = JSON.parse(solc.compile(JSON.stringify({language: "Solidity", sources: {t: {content}}, settings})));
  return (found.errors || []).map((each) => each.formattedMessage);
});
console.log(JSON.stringify(errors));
"""


def exported(trace: Path) -> Result:
    return CliRunner().invoke(cli, ["export", str(trace), "--to", "foundry"], standalone_mode=False)


def test_each_call_its_answer_and_the_views_are_asserted() -> None:
    path = GOLDEN / "symbiotic" / "directed_veto_flow_0.json.gz"
    text = exported(path).stdout
    steps = as_object(load_json(path), "")["steps"]
    assert isinstance(steps, list)
    answers = [as_object(step, "")["ok"] for step in steps if as_object(step, "")["sender"] is not None]
    assert text.count("() private {") == len(steps)
    assert text.count('accepted("step') == answers.count(True)
    assert text.count('refused("step') == answers.count(False) > 5
    assert text.count('same("step') > 3 * 10


def test_a_step_in_full() -> None:
    document: Any = load_json(GOLDEN / "symbiotic" / "directed_veto_flow_0.json.gz")
    contracts = pack_at("symbiotic").contracts
    assert contracts is not None
    position = next(place for place, step in enumerate(document["steps"]) if step["action"] == "deposit")
    step = document["steps"][position]
    args, returns = step["args"], step["returns"]
    begin = write_foundry(document, contracts).partition(f"function step{position}() private {{\n")[2]
    name = f"step {position}, deposit"
    assert begin.partition("    }\n")[0].replace("        ", "").splitlines()[:6] == [
        f"vm.warp({step['timestamp']});",
        f'address to = contractAt("{args["vault"]}");',
        f'bytes memory call = abi.encodeCall(IVault.deposit, (account("{args["onBehalfOf"]}"), {args["amount"]}));',
        f'(bool ok, bytes memory output) = made(to, account("{step["sender"]}"), call);',
        f'accepted("{name}", ok);',
        f'returned("{name}", output, '
        f"abi.encode(uint256({returns['depositedAmount']}), uint256({returns['mintedShares']})));",
    ]


def test_what_has_no_form_in_solidity_is_refused_with_its_place() -> None:
    result = exported(GOLDEN / "eigenlayer" / "r009_slashy_cfgA.json.gz")
    assert "protocol: eigenlayer has no form in Solidity yet" in str(result.exception)
    document = json.loads(CliRunner().invoke(cli, ["new-trace", "symbiotic"], standalone_mode=False).stdout)
    contracts = pack_at("symbiotic").contracts
    assert contracts is not None
    document["steps"][0] |= {"action": "pause", "sender": "admin0"}
    with pytest.raises(MalformedTrace, match=r"steps\[0\].action: pause has no form in Solidity yet"):
        write_foundry(document, contracts)
    document["steps"][0] |= {"action": "register_operator", "sender": 'a"b'}
    with pytest.raises(MalformedTrace, match="a name that Solidity cannot hold"):
        write_foundry(document, contracts)


@needs(SOLC)
@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js is installed, which runs the compiler")
def test_it_compiles() -> None:
    """Scenarios with every kind of argument compile. As a control, a file with one argument too many in a call must
    not.
    """
    names = ("directed_zero_state_and_permissions_0", "directed_claims_of_slashed_epochs_0")
    texts = [exported(GOLDEN / "symbiotic" / f"{name}.json.gz").stdout for name in names]
    canary = texts[0].replace("(IVault.deposit, (", "(IVault.deposit, (1, ", 1)
    *right, wrong = errors_of([*texts, canary])
    assert right == [[], []]
    assert "TypeError" in wrong[0]


def errors_of(texts: list[str]) -> list[list[str]]:
    command = ["node", "-e", COMPILE, str(SOLC)]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    found: list[list[str]] = json.loads(done.stdout)
    return found
