"""Evidence on a law beside the checks of a run: its proofs, as the ledger has them, and the mutants it killed."""

from collections.abc import Mapping

import attrs


@attrs.frozen
class ProofStatus:
    """The proof status of one law: proved of how many of the calls that could break it, and within which bounds.

    Of `open_calls` it is neither proved nor refuted; the source of `stale_calls` has changed since. Of `missing_calls`
    there is no verdict, and the catalogue says that there has to be one. A law that is a known violation is checked,
    and not proved.
    """

    proved: int
    open_calls: tuple[str, ...]
    refuted_calls: tuple[str, ...]
    stale_calls: tuple[str, ...]
    scopes: tuple[str, ...]
    is_known_violation: bool = False
    missing_calls: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """True if it is proved of every call that could break it."""
        unproved = (*self.open_calls, *self.refuted_calls, *self.stale_calls, *self.missing_calls)
        return self.proved > 0 and not unproved and not self.is_known_violation

    @property
    def in_short(self) -> str:
        """`27/27` where all is proved; a star says that bounds go with it."""
        if self.refuted_calls or self.is_known_violation:
            return "refuted" if self.refuted_calls else "false"
        calls = self.proved + len(self.open_calls) + len(self.stale_calls) + len(self.missing_calls)
        return f"{self.proved}/{calls}{'*' if self.scopes else ''}" if calls else "-"


@attrs.frozen
class Evidence:
    """The evidence on the laws of a protocol, beside the checks of a run.

    Of `due` verdicts `verdicts` are there, by whose they are. In this run `verdicts_now` were proved, of the calls
    `proved_now`; those that were proved again were `drawn_by` a text. Those that are `differing` are not what the
    ledger says, those `undone` were to be proved and were not, and those `unknown_now` came to UNKNOWN. Of the calls
    `failing` nothing can be proved. `counterexamples` are files of what was refuted in this run; `unkept` says what
    could not be written, and why. `by_call` gives the verdict on each law of each call. Each law `kills` so
    many of all `mutants`.
    """

    solver: str
    proofs: Mapping[str, ProofStatus]
    due: int
    verdicts: Mapping[str, int]
    proved_now: tuple[str, ...]
    verdicts_now: int
    drawn_by: str
    differing: tuple[str, ...]
    undone: tuple[str, ...]
    kills: Mapping[str, int]
    mutants: int
    failing: tuple[str, ...] = ()
    unknown_now: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    by_call: Mapping[str, Mapping[str, str]] = {}
