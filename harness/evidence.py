"""Evidence on a law besides the checks of a run: its verdicts in the ledger of proofs, and the mutants it kills."""

from collections.abc import Collection, Mapping

import attrs


@attrs.frozen
class ProofStatus:
    """The proof status of one law: how many of the calls that could break it have a proof, and within which bounds
    (`scopes`).

    `open_calls` are neither proved nor refuted. `stale_calls` have a verdict, but their source has changed since.
    `missing_calls` have no verdict, although the catalogue requires one. A law that is a known violation is checked and
    not proved. `doubt` says why the calls that are proved do not show the law: its proof "rests on" what is not proved,
    or the law is violated.
    """

    proved: int
    open_calls: tuple[str, ...]
    refuted_calls: tuple[str, ...]
    stale_calls: tuple[str, ...]
    scopes: tuple[str, ...]
    is_known_violation: bool = False
    missing_calls: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def is_whole(self) -> bool:
        """True if at least one call could break the law, and every such call is proved. All that these proofs assume
        must be proved, too. False for a known violation.
        """
        unproved = (*self.open_calls, *self.refuted_calls, *self.stale_calls, *self.missing_calls)
        return self.proved > 0 and not unproved and not self.is_known_violation and not self.doubt

    @property
    def in_short(self) -> str:
        """The status in short. `refuted` if the law is refuted of any call, `false` for a known violation, `-` without
        calls.

        Otherwise it is the number of proved calls of all calls, such as `27/27`. A star follows if the proofs have
        bounds, and a question mark if they are in doubt.
        """
        if self.refuted_calls or self.is_known_violation:
            return "refuted" if self.refuted_calls else "false"
        calls = self.proved + len(self.open_calls) + len(self.stale_calls) + len(self.missing_calls)
        return (
            f"{self.proved}/{calls}{'*' if self.scopes else ''}{'?' if self.doubt and self.proved else ''}"
            if calls
            else "-"
        )


@attrs.frozen
class Evidence:
    """The evidence on the laws of a protocol, besides the checks of a run.

    `due` is the number of verdicts that the catalogue requires, and `verdicts` counts the existing ones by their
    origin. This run proved `verdicts_now` verdicts, of the calls `proved_now`; `drawn_by` is the seed text of the
    sample of verdicts that were proved again. `differing` verdicts are not what the ledger says. `undone` ones were to
    be proved and were not, and `unknown_now` ones came out UNKNOWN. Nothing can be proved of the calls `failing`.
    `counterexamples` are files that this run wrote for refuted laws; `unkept` says what could not be written, and why.
    `by_call` has the verdict on each law, by call. `kills` counts the mutants that each law kills, of all `mutants`.
    Every proof of a call assumes the laws `assumed`, and the proof of a law also those that `leans` gives for it.
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
    assumed: tuple[str, ...] = ()
    leans: Mapping[str, tuple[str, ...]] = {}

    def proofs_beside(self, violated: Collection[str]) -> Mapping[str, ProofStatus]:
        """The proof status of each law, in a run that saw the laws `violated` broken. A violated law is marked as in
        doubt, and so is each law whose proof assumes a violated one.
        """
        if not violated:
            return self.proofs
        found: dict[str, ProofStatus] = {}
        for law_id, proof in self.proofs.items():
            broken = sorted({*self.assumed, *self.leans.get(law_id, ())} & {*violated})
            doubt = f"rests on {', '.join(broken)}, violated in this run" if broken else proof.doubt
            doubt = "is of a law that is violated in this run" if law_id in violated else doubt
            found[law_id] = attrs.evolve(proof, doubt=doubt)
        return found
