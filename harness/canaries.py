"""Client programs with a deliberate fault, to test that `restake conform` notices it: its canaries.

`python -m harness.canaries PROTOCOL NAME` runs one as a process. `restake conform --self-test` must report each
canary's own fault, and must pass the three that conform. Some canaries answer wrongly, some break the wire protocol,
and some are the specification with one bug of `mutants/canaries.toml`.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from harness.mutants.judge import SourceFinder
from harness.mutants.mutant import Mutant, read_catalogue
from harness.protocols import pack_at

if TYPE_CHECKING:
    # A mutant has to be installed before anything of the specification is imported.
    from conformance.client import Answer, Client
    from spec.codec import Json

BUGS: Final = Path(__file__).parent / "mutants" / "canaries.toml"

FIRST_FAULT: Final = 3
"""The number of the `apply` call from which on a canary breaks the wire protocol; the canary "stays" breaks it only
after `bye`.
"""

CHUNK: Final = b"a" * 2**20


@attrs.frozen
class Canary:
    """A client with one deliberate fault: its name, the fault in words (`what`), and the expected verdict of a run on
    it.

    `expected` is `conforms` for a sound client. Else it is what the verdict must contain: its name, and the aspect in
    which the answer differs.
    """

    name: str
    what: str
    expected: str

    @property
    def is_bug(self) -> bool:
        """True if the canary is the specification with a bug of `mutants/canaries.toml`."""
        return self.expected == "DIVERGES"


ANSWERING: Final = (
    Canary("sound", "is the specification", "conforms"),
    Canary("whole states", "gives no digests, and is asked for states", "conforms"),
    Canary("talkative", "says much on its standard error", "conforms"),
    Canary("ignores errors", "accepts what is to be rejected", "DIVERGES outcome"),
    Canary("wrong reason", "rejects for another reason", "DIVERGES reason"),
    Canary("wrong return", "returns one more", "DIVERGES returns"),
    Canary("stale state", "shows the state of the call before", "DIVERGES state"),
    Canary("no reset", "goes on where it was", "DIVERGES state"),
    Canary("false digest", "gives the digest of another state than its own", "CLIENT-FAULT wrong digest"),
    Canary("copied digest", "gives the right digest of a state that it does not have", "CLIENT-FAULT wrong digest"),
    Canary("opaque reasons", "does not say why it rejects", "UNSUPPORTED"),
    Canary("no states", "shows neither digest nor state", "UNSUPPORTED"),
    Canary("no actions", "supports nothing", "UNSUPPORTED"),
)
"""The canaries that follow the wire protocol; some of their answers are wrong."""

BREAKING: Final = (
    Canary("hangs", "does not answer", "CLIENT-FAULT late"),
    Canary("drips", "answers a byte at a time", "CLIENT-FAULT late"),
    Canary("crashes", "ends with an exit code", "CLIENT-FAULT died"),
    Canary("closes", "closes its output and goes on", "CLIENT-FAULT died"),
    Canary("garbage", "answers what is no JSON", "CLIENT-FAULT garbage"),
    Canary("numbers", "answers with a JSON number", "CLIENT-FAULT garbage"),
    Canary("endless line", "answers a line of 1 GB", "CLIENT-FAULT flood"),
    Canary("many lines", "answers without end", "CLIENT-FAULT"),
    Canary("twice", "answers twice", "CLIENT-FAULT out of turn"),
    Canary("other seq", "answers another request", "CLIENT-FAULT out of turn"),
    Canary("unread", "ends while it is written to", "CLIENT-FAULT died"),
    Canary("floods", "writes to its standard error without end", "CLIENT-FAULT flood"),
    Canary("fails", "says that it failed", "CLIENT-FAULT failed"),
    Canary("stays", "does not end after bye", "CLIENT-FAULT late"),
)
"""The canaries that break the wire protocol."""


def bugs(protocol: str) -> list[Mutant]:
    """The mutants of a protocol's specification (each with one bug) that serve as canaries."""
    return [mutant for mutant in read_catalogue(BUGS) if mutant.protocols == (protocol,)]


def canaries(protocol: str) -> list[Canary]:
    """Every canary of a protocol. First those that follow the wire protocol, then those that break it, then the mutants
    with a bug in the rules.
    """
    of_bugs = [Canary(mutant.mutant_id, mutant.bug, "DIVERGES") for mutant in bugs(protocol)]
    return [*ANSWERING, *BREAKING, *of_bugs]


def main() -> None:
    """Serve the wire protocol as the canary that the command line arguments name: the
    protocol, then the canary's name.
    """
    protocol, name = sys.argv[1:]
    bug = next((mutant for mutant in bugs(protocol) if mutant.mutant_id == name), None)
    if bug is not None:
        sys.meta_path.insert(0, SourceFinder(bug.module, bug.text))
    from conformance.reference import Reference
    from conformance.serving import serve

    client: Client = Reference(pack_at(protocol).calls, "1")
    if name in {canary.name for canary in ANSWERING}:
        client = _wrong(client, name)
    answers = sys.stdout.buffer
    if name == "stays":
        serve(client, sys.stdin.buffer, answers, protocol)
        time.sleep(3600)
    elif name in FAULTS:
        _break(client, protocol, FAULTS[name])
    else:
        serve(client, sys.stdin.buffer, answers, protocol)


def _wrong(right: "Client", name: str) -> "Client":
    """A client that answers as `right` does, except for the fault that `name` names."""
    from conformance.client import Accepted, Client, Introduction, Rejected, Unsupported
    from conformance.wire import digest

    def more(value: "Json") -> "Json":
        if isinstance(value, dict):
            return {field: more(item) for field, item in value.items()}
        return str(int(value) + 1) if isinstance(value, str) and value.isdigit() else value

    class Wrong(Client):
        def __init__(self) -> None:
            self.before: Json = None
            self.is_begun = False

        def hello(self, protocol: str) -> "Introduction":
            said = right.hello(protocol)
            return Introduction(
                name,
                said.version,
                frozenset() if name == "no actions" else said.actions,
                has_reasons=name != "opaque reasons",
                has_digest=name not in ("whole states", "no states"),
            )

        def reset(self, head: "Json") -> "str | Unsupported | None":
            if name == "no reset" and self.is_begun:
                return digest(right.state())
            self.is_begun = True
            first = right.reset(head)
            self.before = right.state()
            return None if name in ("whole states", "no states") else first

        def apply(self, call: "Json") -> "Answer":
            if name == "stale state":
                self.before = right.state()
            if name == "talkative":
                sys.stderr.write("a" * 10_000)
            answer = right.apply(call)
            assert not isinstance(answer, Unsupported)
            if name == "stale state":
                return attrs.evolve(answer, digest=digest(self.before))
            if name == "false digest":
                return attrs.evolve(answer, digest=digest("another"))
            if name in ("whole states", "no states"):
                return attrs.evolve(answer, digest=None)
            if isinstance(answer, Accepted):
                return Accepted(more(answer.returns), answer.digest) if name == "wrong return" else answer
            if name == "ignores errors":
                return Accepted({}, answer.digest)
            reason = {"wrong reason": "Other", "opaque reasons": None}.get(name, answer.reason)
            return Rejected(reason, answer.digest)

        def state(self) -> "Json | Unsupported":
            if name == "no states":
                return Unsupported("it has none to show")
            if name == "stale state":
                return self.before
            return {} if name == "copied digest" else right.state()

        def bye(self) -> None:
            right.bye()

    return Wrong()


def _break(client: "Client", protocol: str, fault: Callable[[bytes], None]) -> None:
    """Serve as `client` does, until the `FIRST_FAULT`th `apply` call; from then on, `fault` writes each answer."""
    from conformance.serving import answer_to
    from conformance.wire import write_line

    applied = 0
    for line in iter(sys.stdin.buffer.readline, b""):
        message, _ = answer_to(client, line, protocol)
        applied += b'"op":"apply"' in line
        answer = write_line(message)
        if applied >= FIRST_FAULT:
            fault(answer)
        else:
            _say(answer)


def _say(answer: bytes) -> None:
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


def _hang(_answer: bytes) -> None:
    time.sleep(3600)


def _drip(answer: bytes) -> None:
    for byte in answer:
        _say(bytes([byte]))
        time.sleep(0.2)


def _crash(_answer: bytes) -> None:
    os._exit(3)


def _close(_answer: bytes) -> None:
    os.close(1)
    time.sleep(3600)


def _endless_line(_answer: bytes) -> None:
    for _ in range(1024):
        _say(CHUNK)


def _many_lines(answer: bytes) -> None:
    while True:
        _say(answer)


def _unread(answer: bytes) -> None:
    _say(answer)
    os._exit(0)


def _flood(_answer: bytes) -> None:
    while True:
        sys.stderr.buffer.write(CHUNK)


FAULTS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "hangs": _hang,
    "drips": _drip,
    "crashes": _crash,
    "closes": _close,
    "garbage": lambda _: _say(b"Segmentation fault\n"),
    "numbers": lambda answer: _say(answer.replace(b'"digest":', b'"more":1,"digest":')),
    "endless line": _endless_line,
    "many lines": _many_lines,
    "twice": lambda answer: _say(answer + answer),
    "other seq": lambda answer: _say(answer.replace(b'"seq":"', b'"seq":"9')),
    "unread": _unread,
    "floods": _flood,
    "fails": lambda answer: _say(answer.partition(b",")[0] + b',"failed":"out of gas"}\n'),
}
"""The faults of the canaries that break the wire protocol, by name. Each function gets the bytes of the
right answer.
"""


if __name__ == "__main__":
    main()
