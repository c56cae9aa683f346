"""Readers of observed deployment states, which a protocol provides so that laws can be checked on them."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from spec.codec import Json
from spec.machine import State, Table


@attrs.frozen
class StateReader:
    """The reader of a protocol's observed states.

    `read` returns the state described by a trace's head and a whole `post`, and its world; it raises MalformedTrace for
    invalid input. `tables` returns the tables whose rows are observed in a world: laws that read other tables are not
    checked.
    """

    read: Callable[[Mapping[str, Json], Json], tuple[State, object]]
    tables: Callable[[object], tuple[Table[Any, Any], ...]]
