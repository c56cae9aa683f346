"""The operators in the state as a trace shows it: registrations, allocations, and figures for each strategy."""

from typing import Any, Final

from harness.clients.abi import Reverted
from harness.clients.eigenlayer import storage
from harness.clients.eigenlayer.deployment import Deployment, OperatorSet
from spec.codec import Json

ALLOCATION: Final = ("(uint64,int128,uint32)",)
OF_SET: Final = "(address,(address,uint32))"
OF_ALLOCATION: Final = "(address,(address,uint32),address)"
SETS: Final = ("(address,uint32)[]",)


def observe_operators(on: Deployment) -> Json:
    """The state of every operator of the world, as a trace shows it."""
    return {operator: OperatorView(on, operator).observe() for operator in on.genesis["operators"]}


class OperatorView:
    """The state of one operator as a trace shows it, read by view functions and from storage."""

    def __init__(self, on: Deployment, operator: str) -> None:
        self._on = on
        self._at = on.address(operator)
        self._key = storage.number(self._at)

    def observe(self) -> Json:
        """Everything that a trace shows about this operator."""
        on = self._on
        registrations = {each: self._word(storage.REGISTRATIONS, each) for each in on.operator_sets}
        allocated = [self._set_of(each) for each in self._ask("allocation", "getAllocatedSets(address)", *SETS)[0]]
        registered = self._ask("allocation", "getRegisteredSets(address)", *SETS)[0]
        return {
            "is_operator": self._ask("delegation", "isOperator(address)", "bool")[0],
            "delegation_approver": on.name_or_null(
                self._ask("delegation", "delegationApprover(address)", "address")[0]
            ),
            **self._delay(),
            "registered_sets": sorted(_name(self._set_of(each)) for each in registered),
            "allocated_sets": sorted(map(_name, allocated)),
            "strategies": dict(zip(on.strategies, self._strategies(), strict=True)),
            "registrations": {
                _name(each): self._registration(each, word) for each, word in registrations.items() if word
            },
            "allocated_strategies": {_name(each): self._strategies_in(each) for each in allocated},
            "allocations": self._allocations(),
        }

    def _ask(self, contract: str, signature: str, *kinds: str) -> tuple[Any, ...]:
        return self._on.asked(contract, signature, kinds, self._at)

    def _word(self, slot: int, operator_set: OperatorSet | None = None, *more: int) -> int:
        """A word in the AllocationManager's storage: that of `slot` for this operator, or for one of its operator sets;
        `more` are the keys of further nested mappings.
        """
        keys = [self._key]
        if operator_set is not None:
            keys.append(storage.set_key(self._on.address(operator_set[0]), operator_set[1]))
        return self._on.chain.word(self._on.core["allocation"], storage.slot_of(slot, *keys, *more))

    def _set_of(self, found: tuple[str, int]) -> OperatorSet:
        return self._on.name_at(found[0]), found[1]

    def _address_of(self, operator_set: OperatorSet) -> OperatorSet:
        return self._on.address(operator_set[0]), operator_set[1]

    def _delay(self) -> dict[str, Json]:
        is_set, delay = self._ask("allocation", "getAllocationDelay(address)", "bool", "uint32")
        word = self._word(storage.ALLOCATION_DELAYS)
        return {
            "allocation_delay": {"is_set": is_set, "delay": delay},
            "allocation_delay_stored": {
                "delay": storage.part(word, 0, 32),
                "is_set": bool(storage.part(word, 4, 8)),
                "pending_delay": storage.part(word, 5, 32),
                "effect_block": storage.part(word, 9, 32),
            },
        }

    def _strategies(self) -> list[Json]:
        on = self._on
        addresses = tuple(map(on.address, on.strategies))
        of_all = "(address,address[])"
        (shares,) = on.asked("delegation", f"getOperatorShares{of_all}", ["uint256[]"], self._at, addresses)
        (magnitudes,) = on.asked("allocation", f"getMaxMagnitudes{of_all}", ["uint64[]"], self._at, addresses)
        return [self._strategy(*each) for each in zip(addresses, shares, magnitudes, strict=True)]

    def _strategy(self, strategy: str, shares: int, max_magnitude: int) -> Json:
        on, chain, key = self._on, self._on.chain, storage.number(strategy)

        def asked(signature: str) -> str:
            return str(on.asked("allocation", f"{signature}(address,address)", ["uint64"], self._at, strategy)[0])

        history = storage.slot_of(storage.CUMULATIVE_SCALED_SHARES, self._key, key)
        queue = storage.queue(
            chain, on.core["allocation"], storage.slot_of(storage.DEALLOCATION_QUEUES, self._key, key)
        )
        return {
            "shares": str(shares),
            "max_magnitude": str(max_magnitude),
            "encumbered_magnitude": asked("getEncumberedMagnitude"),
            "allocatable_magnitude": asked("getAllocatableMagnitude"),
            "encumbered_magnitude_stored": str(self._word(storage.ENCUMBERED_MAGNITUDES, None, key)),
            "slashable_shares_in_queue": self._in_queue(strategy),
            "cumulative_scaled_shares": str(storage.latest(chain, on.core["delegation"], history)),
            "deallocation_queue": [
                _name((on.name_at(word >> storage.SET_BITS), word % 2**storage.SET_BITS)) for word in queue
            ],
        }

    def _in_queue(self, strategy: str) -> str:
        """The slashable shares of the operator in the withdrawal queue for one strategy, as decimal text; "0" where the
        view reverts, as in the first blocks of a chain.
        """
        on, signature = self._on, "getSlashableSharesInQueue(address,address)"
        try:
            return str(on.asked("delegation", signature, ["uint256"], self._at, strategy)[0])
        except Reverted:
            return "0"

    def _registration(self, operator_set: OperatorSet, word: int) -> Json:
        at = self._address_of(operator_set)
        signature = f"isOperatorSlashable{OF_SET}"
        return {
            "registered": bool(storage.part(word, 0, 8)),
            "slashable_until": storage.part(word, 1, 32),
            "is_slashable": self._on.asked("allocation", signature, ["bool"], self._at, at)[0],
        }

    def _strategies_in(self, operator_set: OperatorSet) -> Json:
        at = self._address_of(operator_set)
        (found,) = self._on.asked("allocation", f"getAllocatedStrategies{OF_SET}", ["address[]"], self._at, at)
        return sorted(self._on.name_at(each) for each in found)

    def _allocations(self) -> dict[str, Json]:
        """Each allocation ever made, as stored and as effective in this block; by operator set, then by strategy."""
        observed: dict[str, dict[str, Json]] = {}
        for operator_set in self._on.operator_sets:
            for strategy in self._on.strategies:
                at = self._on.address(strategy)
                word = self._word(storage.ALLOCATIONS, operator_set, storage.number(at))
                if word:
                    observed.setdefault(_name(operator_set), {})[strategy] = self._allocation(operator_set, at, word)
        return dict(observed)

    def _allocation(self, operator_set: OperatorSet, strategy: str, word: int) -> Json:
        on, at = self._on, self._address_of(operator_set)
        ((current, pending, effect_block),) = on.asked(
            "allocation", f"getAllocation{OF_ALLOCATION}", ALLOCATION, self._at, at, strategy
        )
        stake = "getAllocatedStake((address,uint32),address[],address[])"
        (((allocated,),),) = on.asked("allocation", stake, ["uint256[][]"], at, (self._at,), (strategy,))
        return {
            "current": str(current),
            "pending_diff": str(pending),
            "effect_block": effect_block,
            "allocated_stake": str(allocated),
            "stored": {
                "current": str(storage.part(word, 0, 64)),
                "pending_diff": str(storage.signed(storage.part(word, 8, 128), 128)),
                "effect_block": storage.part(word, 24, 32),
            },
        }


def _name(operator_set: OperatorSet) -> str:
    return f"{operator_set[0]}/{operator_set[1]}"
