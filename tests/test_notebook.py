"""The notebook of the docs runs from top to bottom, and reproduces its stored text and drawings."""

import ast
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parent.parent / "docs/first_finding.ipynb"


def outputs(cells: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The text that each code cell prints, and the drawing that it ends with. Either may be empty."""
    names: dict[str, Any] = {}
    found = []
    for cell in cells:
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        drawn = ""
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, cell["id"], "exec"), names)
            if isinstance(last, ast.Expr):
                shown = eval(compile(ast.Expression(last.value), cell["id"], "eval"), names)
                drawn = shown._repr_svg_() if hasattr(shown, "_repr_svg_") else ""
        found.append((printed.getvalue(), drawn))
    return found


def stored(cell: dict[str, Any]) -> tuple[str, str]:
    """The text and the drawing that the file stores below a cell."""
    texts = ["".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream"]
    drawn = [
        "".join(output["data"]["image/svg+xml"]) for output in cell["outputs"] if output["output_type"] != "stream"
    ]
    return "".join(texts), "".join(drawn)


def code() -> list[dict[str, Any]]:
    return [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_prints_and_draws_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cells = code()
    (seconds,) = [index for index, cell in enumerate(cells) if cell["source"] == ["SECONDS = 60"]]
    cells[seconds]["source"] = ["SECONDS = 0"]
    shown = outputs(cells)
    told = seconds + 1
    assert [*shown[:told], *shown[told + 1 :]] == [stored(cell) for cell in [*cells[:told], *cells[told + 1 :]]]
    assert shown[told][0].splitlines()[-1].startswith("It breaks MY-01 at step ")
    assert stored(cells[told])[0].splitlines()[-1] == "It breaks MY-01 at step 6"
    assert [path.suffix for path in (tmp_path / ".restake").iterdir()] == [".json"]


if __name__ == "__main__":  # writes what the notebook shows anew, in a folder of its own
    document = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    for number, (cell, (printed, drawn)) in enumerate(zip(cells, outputs(cells), strict=True), start=1):
        streams: list[dict[str, Any]] = [{"name": "stdout", "output_type": "stream", "text": printed.splitlines(True)}]
        drawing = {"data": {"image/svg+xml": drawn.splitlines(True)}, "metadata": {}}
        picture = {"execution_count": number, **drawing, "output_type": "execute_result"}
        cell["execution_count"] = number
        cell["outputs"] = [*(streams if printed else []), *([picture] if drawn else [])]
    NOTEBOOK.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.exit(0)
