"""The theory of a protocol: what its proofs need beside rules and laws, such as lemmas, scopes and the shapes of keys.

This module is lifted with the specification, so that a theory is written in terms of the rules and laws themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from invariants.law import Catalogue, StateLaw, Subject, Sum, View
from spec.history import HistoryTable
from spec.machine import Draft, Table
from spec.protocol import Protocol

Shape = Any
"""The shape of a key: `str` for a name, `int`, `bool`, or a tuple of shapes."""


class PastLaw:
    """A state law about every value that a history ever had. Its subject is the pair of a key of the history and a
    point that is not later than now.

    It has the attributes of a StateLaw without deriving from it, since a compiled class cannot have interpreted
    subclasses.

    `histories` are those that it is about. Where a proof looks one of them up, it may use the law at that subject.
    `rows` maps further tables to the function from a row's key to such a subject.
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
    """The definition, for proofs, of a sum that is declared as a `NestedSum`: a row adds `value(row, total)`, where the
    total is that of `inner` for the group equal to the row's key.

    `inner` and `value` must be the declared sum's own `inner` and `by_total`. Else proofs refuse to read the sum.
    """

    def __init__(self, inner: Sum, value: Callable[[Any, int], int]) -> None:
        self.inner: Final = inner
        self.value: Final = value


Rows = list[tuple[Table[Any, Any], Any, Any]]
"""Rows as (table, key, row) triples."""

Names = Mapping[str, Any]
"""The map from the names of a function's local variables to their values in the middle of a loop. `done` is the number
of elements already processed. See `Names` in `proofs/folds.py` for the other keys.
"""


class Seen:
    """Replacement rows for single laws in the middle of a loop, where laws of different subjects hold only in different
    rows.

    `of` maps the id of a law to a function from the law's subject to some value, such as the strategy that decides the
    rows. `members` maps a sum to such a function of a row's key. `rows` returns the replacement rows for a draft, the
    local variables, and that value. All other laws and sums are evaluated in the actual state.
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
    """Rows that replace the actual ones in the middle of a loop, so that every state law holds there where the actual
    state breaks some.

    `as_if` returns the replacement rows for the actual state. `really` returns the actual rows, given the state with
    the replacements. `holds` returns further conditions on the state with replacements, proved where the loop begins
    and after each element. `seen` holds replacement rows for laws about a single element of the loop.
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
    """The induction over calls: the laws that are proved of each call, and those assumed of the state before.

    `lemmas` are further state laws that the induction needs; they are proved like every other law. `ranges` are ids of
    laws about a single row, assumed as soon as a row is read, to prune paths. `apart` are ids of state laws that only
    the laws named in `leans` may assume. `leans` maps a law to those that its proof may assume besides. `follows` maps
    a law to others that imply it in every state. `by_contract` are ids of laws about the inside of histories, which the
    trusted contract replaces. `bounded` are ids of state laws proved of short lists only. What is proved of lists of
    any length does not assume them.
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
    """The restrictions on the states and calls of which a theory's proofs hold.

    `lists` maps a list to its maximum length. The list is in a row ("stakers.strategy_list") or in a call
    ("SlashOperator.strategies", or "strategies" for all calls). "range in FUNCTION" limits a range between symbols, 2
    by default. `longer` gives, by call, longer maxima for step and rejection laws. A state law kept by one element is
    kept by any number, but a step law is about all elements together. `scopes` restricts the rows of a table, with a
    description. `signed` are the numbers of calls that may be negative ("CALL.field"); all others are not.
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
    """The sums of a theory beside the catalogue's, and how rows that a step does not write may change their totals.

    `own` are the sums of lemmas. `nested` defines, for proofs, the sums that are built from totals of other sums. In
    `falling` sums, what unwritten rows add may decrease in a step and never increase; in `rising` sums the reverse.

    `revalued` is for a sum whose `moves` says how a write changes totals. From the rows before and after, an unwritten
    row, and the written key, it returns the change of what that row adds. It returns None if the write does not affect
    the row.
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
    """A protocol with everything that its proofs need.

    `state_module` declares its tables. `now` returns the point at which histories are written. `is_well_formed` is the
    assumption on calls. `genesis` maps each table whose rows a deployment chooses to a function that returns the
    conditions on a row, from all rows, its key and the row. `keys` gives shapes of keys that annotations do not
    determine. `folds` maps the name of a function to the `Fold` for its loop over a list of any length.
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
        """The state laws of the catalogue and the lemmas, without known violations."""
        known_violations = self.catalogue.known_violations
        laws = [*self.catalogue.state_laws, *self.induction.lemmas]
        return [law for law in laws if law.law_id not in known_violations]

    def assumed(self) -> list[StateLaw | PastLaw]:
        """The laws assumed of the state before a step, each of which is proved of every call.

        Laws of `follows` are left out: their proofs use that sums are not negative, which may itself rest on assumed
        laws.
        """
        not_assumed = {*self.induction.apart, *self.induction.follows, *self.induction.by_contract}
        return [law for law in self.state_laws() if law.law_id not in not_assumed]
