"""States of deployments, read from what can be observed of them: what a protocol brings to have laws scanned on one."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from spec.codec import Json
from spec.machine import State, Table


@attrs.frozen
class StateReader:
    """The reader of a protocol's observed states.

    `read` gives the state that a trace's head and a whole `post` stand for, and the world in which it is observed;
    MalformedTrace if they are none. `tables` are those whose rows it
    names in such a world: no law that reads others is judged.
    """

    read: Callable[[Mapping[str, Json], Json], tuple[State, object]]
    tables: Callable[[object], tuple[Table[Any, Any], ...]]
