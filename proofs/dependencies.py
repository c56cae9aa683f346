"""The tables and sums on which laws and sums depend, by what they read at an arbitrary subject or row."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from proofs.goals import Instance, TotalRead
from proofs.state import Touch

if TYPE_CHECKING:
    from proofs.prover import Prover


def tables_of(prover: "Prover", law: Any) -> set[int]:
    """The indices of the tables that a state law reads at an arbitrary subject, by itself or through the sums that it
    reads.
    """
    instance = prover.instance(law, prover.subject(law))
    return _tables_noted(prover, instance.noted)


def _tables_noted(prover: "Prover", noted: dict[object, Any]) -> set[int]:
    tables: set[int] = set()
    for item in noted.values():
        if isinstance(item, TotalRead):
            tables |= tables_of_sum(prover, item.total)
        elif item.past_of is not None:
            tables.add(item.past_of.heads.index)
        else:
            tables.add(item.table.index)
    return tables


def tables_of_sum(prover: "Prover", total: Any, beyond_its_row: bool = False) -> set[int]:
    """The indices of the tables that are read to decide a row's worth and group in a sum. With `beyond_its_row`, the
    read of the summed row itself does not count.
    """
    noted = _read_of(prover, total).noted
    own = Touch(total.table, prover.any_key(total.table, f"member.{total.name}")).identity
    return _tables_noted(
        prover, {item_id: item for item_id, item in noted.items() if not beyond_its_row or item_id != own}
    )


def scopes_of(prover: "Prover", law: Any) -> set[str]:
    """The scopes, such as bounds on lists, within which it is known which tables a state law reads."""
    instance = prover.instance(law, prover.subject(law))
    return instance.scopes | _scopes_noted(prover, instance.noted)


def _scopes_noted(prover: "Prover", noted: dict[object, Any]) -> set[str]:
    asked = [item.total for item in noted.values() if isinstance(item, TotalRead)]
    return {scope for total in asked for scope in scopes_of_sum(prover, total)}


def scopes_of_sum(prover: "Prover", total: Any) -> set[str]:
    """The scopes, such as bounds on lists, within which it is known which tables a sum reads. Those of the sums nested
    in it are included.
    """
    read = _read_of(prover, total)
    return read.scopes | _scopes_noted(prover, read.noted)


def _read_of(prover: "Prover", total: Any) -> Instance:
    """The reads that decide the worth and the group of an arbitrary row in a sum, as an Instance."""
    key = prover.any_key(total.table, f"member.{total.name}")
    rows = prover.before.rows

    def read() -> bool:
        row = rows.get(total.table, key)
        prover.worth(total, prover.before, key, row)
        return total.group(rows, key, row) is not None

    return prover.formula(read)


def sums_behind(prover: "Prover", noted: Iterable[Any]) -> list[Any]:
    """The sums among the reads in `noted`, and the sums nested in them at any depth, in order of name."""
    pending = [item.total for item in noted if isinstance(item, TotalRead)]
    found: dict[str, Any] = {}
    while pending:
        total = pending.pop()
        if total.name not in found:
            found[total.name] = total
            pending += [prover.theory.sums.nested[total].inner] if total in prover.theory.sums.nested else []
    return [found[name] for name in sorted(found)]
