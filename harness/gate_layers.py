"""The layers that a run of `restake gate` leaves out, though their rules were changed."""

from collections.abc import Mapping

from gate.verdicts import ProtocolReport
from gate.versions import Version
from harness.pack import ProtocolPack
from harness.protocols import known_packs, readable_packs
from proofs.digests import functions_of


def unjudged_layers(base: Version, head: Version) -> list[ProtocolReport]:
    """A report for each layer with a changed definition in a folder of its rules. Its `problem` says that nothing
    judges it: `restake gate` compares protocols, and no layers.
    """
    changed = _changed(base, head)
    layers = {name: pack for name, pack in readable_packs().items() if name not in known_packs()}
    return [
        ProtocolReport(name, problem=f"cannot be judged: {file} was changed, and no layer is compared")
        for name, pack in layers.items()
        if (file := _first_of(pack, changed))
    ]


def _changed(base: Version, head: Version) -> Mapping[str, bool]:
    """The Python files that differ between two versions, mapped to true if more than docstrings and comments do."""
    before, after = base.digests(), head.digests()
    files = sorted(file for file in {*before, *after} if before.get(file) != after.get(file))
    return {file: len({_definitions(version, file) for version in (base, head)}) > 1 for file in files}


def _definitions(version: Version, file: str) -> str:
    path = version.folder / file
    if not path.is_file():
        return ""
    try:
        return repr(functions_of(path.read_text(encoding="utf-8")))
    except (SyntaxError, UnicodeDecodeError):
        return path.read_bytes().hex()


def _first_of(pack: ProtocolPack, changed: Mapping[str, bool]) -> str:
    """The first changed file in a folder of the pack's rules; empty if there is none."""
    folders = tuple({f"{module.rpartition('.')[0].replace('.', '/')}/" for module in pack.rules if "." in module})
    files = {f"{module.replace('.', '/')}.py" for module in pack.rules}
    return next(
        (file for file, is_more in changed.items() if is_more and (file in files or file.startswith(folders))), ""
    )
