"""The theory of a protocol: what its proofs need beside its rules and laws: lemmas, scopes, and the shape of its keys.

This module is lifted with the specification, so that a theory is written in the words of the rules and laws themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from invariants.law import Catalogue, StateLaw, Subject, Sum, View
from spec.history import HistoryTable
from spec.machine import Draft, Table
from spec.protocol import Protocol

Shape = Any
"""The shape of a key: `str` for a name, `int`, or a tuple of shapes."""


class PastLaw:
    """A state law about every value that a history had: its subject is (key of the history, point in the past or now).

    It has what a state law has, and is none by descent: a compiled class has no interpreted children.

    `histories` are those that it speaks of: where a proof looks one up, it may use the law there.
    """

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        holds: Callable[[View, Subject], bool],
        histories: tuple[HistoryTable[Any], ...],
        rows: Mapping[Table[Any, Any], Callable[[Any], Subject]] | None = None,
        also_reads: tuple[Table[Any, Any], ...] = (),
    ) -> None:
        self.law_id: Final = law_id
        self.sentence: Final = sentence
        self.source: Final = source
        self.holds: Final = holds
        self.rows: Final[Mapping[Table[Any, Any], Callable[[Any], Subject]]] = rows or {}
        self.sums: Final[Mapping[Sum, Callable[[Any], Subject]]] = {}
        self.histories: Final = histories
        self.also_reads: Final[tuple[Table[Any, Any], ...]] = (
            *[table for history in histories for table in (history.heads, history.checkpoints)],
            *also_reads,
        )


class Nested:
    """The worth of the rows of a sum: by the row, and the total of the group of another sum that is the row's key.

    By itself, as checkers see it, such a sum is worth nothing.
    """

    def __init__(self, inner: Sum, value: Callable[[Any, int], int]) -> None:
        self.inner: Final = inner
        self.value: Final = value


Rows = list[tuple[Table[Any, Any], Any, Any]]
"""Rows of tables: each its table, its key, and the row."""

Names = Mapping[str, Any]
"""The values of a function's names in the middle of a loop; `done` is how many elements are done."""


class Seen:
    """Rows as if which laws of one subject hold in the middle of a loop, where other subjects see others.

    `rows` gives them for what is left of a subject; `of` gives that of the subject of each law that sees them, by id,
    `members` of the key of a row of a sum. All other laws and sums see the state as it is.
    """

    def __init__(
        self,
        rows: Callable[[Draft, Names, Any], Rows],
        of: Mapping[str, Callable[[Any], Any]],
        members: Mapping[Sum, Callable[[Any], Any]],
    ) -> None:
        self.rows: Final = rows
        self.of: Final = of
        self.members: Final = members


class Fold:
    """Rows as if which every state law holds in the middle of a loop, where it does not hold of the state as it is.

    `as_if` gives them, of the state as it is; `really` gives back the rows as they are, of the state with the others.
    `holds` is what else is known of the state with the others: it is proved where a loop begins and after each element.
    `seen` are rows as if which laws hold that speak of one of the loop's elements.
    """

    def __init__(
        self,
        as_if: Callable[[Draft, Names], Rows] = lambda _rows, _names: [],
        really: Callable[[Draft, Names], Rows] = lambda _rows, _names: [],
        holds: Callable[[Draft, Names], list[Any]] = lambda _rows, _names: [],
        seen: Seen | None = None,
    ) -> None:
        self.as_if: Final = as_if
        self.really: Final = really
        self.holds: Final = holds
        self.seen: Final = seen


class Induction:
    """The induction by which laws are proved of every call: what is assumed of the state before, and what is not.

    `lemmas` are state laws that the induction needs and no user asks for; they are proved like every other law.
    `ranges` are the ids of those laws about a single row that are assumed as soon as a row is read, to prune paths.
    `apart` are the ids of state laws that nothing else assumes but the laws that `leans` says lean on them.
    `follows` are the ids of state laws that hold in every state in which the laws named beside them do.
    `by_contract` are the ids of laws about the inside of histories, which the contract of histories replaces here.
    `bounded` are the ids of state laws that are proved of short lists alone, and assumed by what is said of these.
    """

    def __init__(
        self,
        lemmas: Sequence[StateLaw | PastLaw],
        ranges: tuple[str, ...] = (),
        apart: tuple[str, ...] = (),
        leans: Mapping[str, tuple[str, ...]] | None = None,
        follows: Mapping[str, tuple[str, ...]] | None = None,
        by_contract: tuple[str, ...] = (),
        bounded: tuple[str, ...] = (),
    ) -> None:
        self.lemmas: Final = lemmas
        self.ranges: Final = ranges
        self.apart: Final = apart
        self.leans: Final = leans or {}
        self.follows: Final = follows or {}
        self.by_contract: Final = by_contract
        self.bounded: Final = bounded


class Limits:
    """Of which states and calls a theory speaks, where not of all.

    `lists` are the lengths of the longest list in a row's field ("stakers.strategy_list") or in a call's
    ("SlashOperator.strategies" or "strategies" for all calls); of ranges between unknown numbers, two unless said, as
    "range in FUNCTION". `longer` are those, by call, within which its step and
    rejection laws are proved, where state laws are proved of shorter lists: what one element keeps, any number of them
    keep, but a step law speaks of all of them together. `scopes` limits the rows that are spoken of, and says so in
    words. `signed` are the numbers of calls that may be negative ("CALL.field"); no other is.
    """

    def __init__(
        self,
        lists: Mapping[str, int] | None = None,
        longer: Mapping[str, Mapping[str, int]] | None = None,
        scopes: Mapping[Table[Any, Any], tuple[str, Callable[[Any], bool]]] | None = None,
        signed: tuple[str, ...] = (),
    ) -> None:
        self.lists: Final = lists or {}
        self.longer: Final = longer or {}
        self.scopes: Final = scopes or {}
        self.signed: Final = signed


class OwnSums:
    """The sums of a theory beside the catalogue's, and how sums move with rows that are not written.

    `own` are those of lemmas; `nested` ones, which no checker knows of, are made of the totals of others. Of `falling`
    sums rows that are not written may be worth less after a step, and never more; of `rising` ones more, and never
    less. `revalued` says of a sum that declares how a write moves it by how much the write moves one row that is not
    written: given the rows before and after, this row, and the key that is written. None if the write has nothing to do
    with it.
    """

    def __init__(
        self,
        own: tuple[Sum, ...] = (),
        falling: tuple[Sum, ...] = (),
        rising: tuple[Sum, ...] = (),
        nested: Mapping[Sum, Nested] | None = None,
        revalued: Mapping[Sum, Callable[[Draft, Draft, Any, Any], int | None]] | None = None,
    ) -> None:
        self.own: Final = own
        self.falling: Final = falling
        self.rising: Final = rising
        self.nested: Final = nested or {}
        self.revalued: Final = revalued or {}


class Theory:
    """One protocol with everything that its proofs need.

    `state_module` declares its tables; `now` is the point at which histories are written. `is_well_formed` is what is
    taken for granted of a call. `genesis` names the tables whose rows a deployment chooses, and the conditions on all
    rows, a key and its row in the beginning. `keys` gives the shape of the keys of tables whose annotation does not
    tell. `folds` say, by function, as if which rows the laws hold in the middle of its loop over a list of any length.
    """

    def __init__(
        self,
        protocol: Protocol,
        catalogue: Catalogue,
        state_module: str,
        now: Callable[[Draft], int],
        is_well_formed: Callable[[Draft, Any], bool],
        genesis: Mapping[Table[Any, Any], Callable[[Draft, Any, Any], list[Any]]],
        induction: Induction,
        limits: Limits | None = None,
        sums: OwnSums | None = None,
        keys: Mapping[str, Shape] | None = None,
        folds: Mapping[str, Fold] | None = None,
    ) -> None:
        self.protocol: Final = protocol
        self.catalogue: Final = catalogue
        self.state_module: Final = state_module
        self.now: Final = now
        self.is_well_formed: Final = is_well_formed
        self.genesis: Final = genesis
        self.induction: Final = induction
        self.limits: Final = limits or Limits()
        self.sums: Final = sums or OwnSums()
        self.keys: Final = keys or {}
        self.folds: Final = folds or {}

    def state_laws(self) -> list[StateLaw | PastLaw]:
        """The laws of the catalogue and the lemmas, known violations left out."""
        known_violations = self.catalogue.known_violations
        laws = [*self.catalogue.state_laws, *self.induction.lemmas]
        return [law for law in laws if law.law_id not in known_violations]

    def assumed(self) -> list[StateLaw | PastLaw]:
        """The laws assumed of the state before a step: nothing that is not proved of every call.

        Nor what follows from others: that sums are not negative may lean on what is assumed, and lets it follow.
        """
        not_assumed = {*self.induction.apart, *self.induction.follows, *self.induction.by_contract}
        return [law for law in self.state_laws() if law.law_id not in not_assumed]
