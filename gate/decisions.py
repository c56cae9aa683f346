"""Decisions: one small file for each accepted difference, which a reviewer sees beside the change.

A decision that is malformed, expired, or matches no difference makes the run fail. If the base has the same decision,
it belongs to an earlier change: it is settled, and may be deleted.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import attrs

from gate.verdicts import ActionReport

FOLDER: Final = "decisions"
"""The folder of decisions, relative to the root of the repository."""

FIELDS: Final = ("fingerprint", "protocol", "action", "verdict", "why")
OPTIONAL: Final = ("until",)


class DecisionError(Exception):
    """The exception for a decision that cannot be read or written; the message names the file, the field and the
    problem.
    """


@attrs.frozen
class Decision:
    """An accepted difference: its fingerprint, protocol, action and verdict, and the reason for accepting it (`why`).

    `until` is the version from which the decision no longer holds; empty for no limit.
    """

    fingerprint: str
    protocol: str
    action: str
    verdict: str
    why: str
    until: str = ""

    def as_toml(self) -> str:
        """The content of the decision's file, as TOML, without empty fields."""
        fields = [(name, getattr(self, name)) for name in (*FIELDS, *OPTIONAL)]
        return "".join([f"{name} = {json.dumps(value)}\n" for name, value in fields if value])


@attrs.frozen
class Ruling:
    """The outcome of all decisions: the problems that make the run fail, one per line, and
    the names of settled decisions.
    """

    problems: tuple[str, ...]
    settled: tuple[str, ...]


def read_decisions(folder: Path) -> dict[str, Decision]:
    """The decisions in a folder, by file name; empty if the folder does not exist. Hidden files and `.md` files are
    skipped.

    Raises DecisionError for the first malformed decision.
    """
    if not folder.is_dir():
        return {}
    found: dict[str, Decision] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix == ".md":
            continue
        found[path.name] = _read(path)
    return found


def _read(path: Path) -> Decision:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DecisionError(f"{path}: {error.strerror if isinstance(error, OSError) else error}") from error
    return _decision(path, text)


def _decision(path: Path, text: str) -> Decision:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DecisionError(f"{path}: {error}") from error
    for name in FIELDS:
        if not isinstance(document.get(name), str) or not document[name].strip():
            raise DecisionError(f"{path}: {name}: expected text, found {document.get(name)!r}")
    for name in document:
        if name not in (*FIELDS, *OPTIONAL):
            raise DecisionError(f"{path}: {name}: unknown field")
    decision = Decision(**document)
    if not re.fullmatch("[0-9a-f]{12}", decision.fingerprint):
        raise DecisionError(f"{path}: fingerprint: expected 12 hexadecimal digits, found {decision.fingerprint!r}")
    if path.name != f"{decision.fingerprint}.toml":
        raise DecisionError(f"{path}: fingerprint: {decision.fingerprint} is not the name of the file")
    if "until" in document:
        try:
            numbers(decision.until)
        except (ValueError, AttributeError, TypeError) as error:
            raise DecisionError(f"{path}: until: expected a version, found {decision.until!r}") from error
    return decision


def write_decision(folder: Path, decision: Decision) -> Path:
    """Write a decision's file, and return its path. Raises DecisionError, and writes
    nothing, for an invalid decision.
    """
    path = folder / f"{decision.fingerprint}.toml"
    _decision(path, decision.as_toml())
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(decision.as_toml(), encoding="utf-8")
    return path


def rule(
    reports: Iterable[ActionReport],
    decisions: dict[str, Decision],
    of_base: dict[str, Decision],
    version: str,
    judged: frozenset[str],
) -> Ruling:
    """Apply the decisions to the reports: `accepted_by` of a report becomes the file name of the decision that accepts
    it.

    Returns the problems, and the settled decisions: those that match no report and are in the base in the same words,
    so that they can be deleted. `decisions` and `of_base` are the decisions of head and base, by
    file name. `version` is the head's version, empty if unknown. `judged` are the protocols of which all actions were
    judged.
    """
    problems: list[str] = []
    settled: list[str] = []
    by_fingerprint = {report.fingerprint: report for report in reports if not report.is_harmless}
    for name, decision in decisions.items():
        report = by_fingerprint.get(decision.fingerprint)
        said = f"{decision.protocol} {decision.action}: {decision.verdict}"
        if decision.until and version and numbers(version) >= numbers(decision.until):
            problems.append(f"{name}: holds until {decision.until}, and this is {version}")
        elif report is None and of_base.get(name) == decision:
            settled.append(name)
        elif report is None and decision.protocol in judged:
            problems.append(f"{name}: matches no difference any more ({said}): delete it")
        elif report is not None and report.verdict == "UNKNOWN":
            problems.append(f"{name}: what is UNKNOWN cannot be accepted")
        elif report is not None and said != f"{report.protocol} {report.action}: {report.verdict}":
            problems.append(f"{name}: says {said}, and is of {report.protocol} {report.action}: {report.verdict}")
        elif report is not None:
            report.accepted_by = name
    return Ruling(tuple(problems), tuple(settled))


def numbers(version: str) -> list[int]:
    """The numbers of a version string, in order; a suffix such as `-rc1` does not count. Raises ValueError if the
    string is no version.
    """
    found = re.fullmatch(r"v?(\d+(?:\.\d+)*)(?:[-+.]?[A-Za-z].*)?", version)
    if found is None:
        raise ValueError(version)
    return [int(number) for number in found[1].split(".")]


def version_of(folder: Path) -> str:
    """The version that a repository declares: `__version__` in harness/__init__.py, or else the project's version in
    pyproject.toml. Empty if it declares none.
    """
    places = [(folder / "harness" / "__init__.py", r'^__version__ = "(.*)"$'), (folder / "pyproject.toml", "")]
    for path, pattern in places:
        if path.is_file() and pattern:
            found = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
            if found is not None:
                return found[1]
        elif path.is_file():
            try:
                said = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("version", "")
            except tomllib.TOMLDecodeError:
                said = ""
            if said:
                return str(said)
    return ""
