"""A run of `restake gate` compares no layer, and names those whose rules were changed."""

from pathlib import Path

import pytest

from gate.versions import Version
from harness.gate_layers import unjudged_layers

SAID = "cannot be judged: spec/market/fees.py was changed, and no layer is compared"


def version(folder: Path, files: dict[str, str]) -> Version:
    """A version in a new folder, with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Version(folder.name, "", folder)


@pytest.mark.parametrize(
    ("change", "layers"),
    [
        ({"spec/market/fees.py": "FEE = 2\n"}, ["market_on_eigenlayer", "market_on_symbiotic"]),
        ({"spec/market/fees.py": "FEE = (\n"}, ["market_on_eigenlayer", "market_on_symbiotic"]),
        ({"spec/market/fees.py": '"""The fee."""\n\nFEE = 1  # of a hundred\n'}, []),
        ({"spec/symbiotic/fees.py": "FEE = 2\n", "README.md": "Words."}, []),
    ],
)
def test_a_layer_whose_rules_were_changed_is_told(tmp_path: Path, change: dict[str, str], layers: list[str]) -> None:
    """Regression: a run without `--protocol` said SAME of a change in the market, and did not name it."""
    base = version(tmp_path / "base", {"spec/market/fees.py": "FEE = 1\n"})
    head = version(tmp_path / "head", {"spec/market/fees.py": "FEE = 1\n", **change})
    assert {report.protocol: report.problem for report in unjudged_layers(base, head)} == dict.fromkeys(layers, SAID)
