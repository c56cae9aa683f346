"""EigenLayer's core contracts in the slashing release: ERC-20 strategies, native ETH and rewards."""

from typing import Final, get_args

from spec.eigenlayer.actions import Action
from spec.eigenlayer.codec import check_post, observe, observe_final, read_trace, write_trace
from spec.eigenlayer.formats import write_returns
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_codec import REWARDS_FAMILY
from spec.eigenlayer.security import security
from spec.eigenlayer.state import SCHEMA
from spec.eigenlayer.transition import transition
from spec.protocol import Protocol

PROTOCOL: Final = Protocol(
    name="eigenlayer",
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
    families=(REWARDS_FAMILY,),
)
