"""Readers of observed deployment states, which a protocol provides so that laws can be checked on them."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from spec.codec import Json
from spec.machine import State, Table


@attrs.frozen
class StateReader:
    """The reader of states that were observed of a deployment. A state is given as the `post` of a trace's step.

    `read` returns the state that a trace's head and a `post` describe, and the world of the head. It raises
    MalformedTrace for invalid input. `tables` returns the tables whose rows are then known in that world. Laws that
    read other tables are not checked.
    """

    read: Callable[[Mapping[str, Json], Json], tuple[State, object]]
    tables: Callable[[object], tuple[Table[Any, Any], ...]]
