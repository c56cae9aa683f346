"""Symbiotic's core contracts, release 1.0.3: vaults of version 1, the four delegators, both slashers; and
its rewards.
"""

from typing import Final, get_args

from spec.protocol import Protocol
from spec.symbiotic.actions import Action
from spec.symbiotic.codec import read_trace, write_trace
from spec.symbiotic.formats import write_returns
from spec.symbiotic.observation import check_post, observe, observe_final
from spec.symbiotic.reasons import Reason
from spec.symbiotic.security import security
from spec.symbiotic.state import SCHEMA
from spec.symbiotic.transition import transition

PROTOCOL: Final = Protocol(
    name="symbiotic",
    schema=SCHEMA,
    actions=get_args(Action),
    reasons=Reason,
    transition=transition,
    read_trace=read_trace,
    write_trace=write_trace,
    observe=observe,
    observe_final=observe_final,
    write_returns=write_returns,
    check_post=check_post,
    security=security,
)
