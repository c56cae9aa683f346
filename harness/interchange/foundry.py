"""A trace as a Foundry test in Solidity: it makes each call to the real contracts and asserts the answer.

The generated file imports nothing. A contract derived from the test overrides `contractAt` with the address of each
contract.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import attrs

from spec.codec import Json, MalformedTrace

PAGE: Final = """// SPDX-License-Identifier: MIT
// A trace, written by restake export: its calls, and what they answered. Derive from it, say where the contracts are,
// and run it with forge test. setUp has to deploy the world that the trace's head describes.
pragma solidity ^0.8.13;

interface Vm {{
    function warp(uint256 timestamp) external;
    function prank(address sender) external;
}}

{interfaces}
abstract contract TraceTest {{
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// The address of a contract: {contracts}.
    function contractAt(string memory name) internal view virtual returns (address);

    /// The address of an account, by its name in the trace.
    function account(string memory name) internal view virtual returns (address) {{
        return address(uint160(uint256(keccak256(bytes(name)))));
    }}

    function subnetwork(string memory network, uint96 number) internal view returns (bytes32) {{
        return bytes32((uint256(uint160(account(network))) << 96) | number);
    }}

    function test_trace() public {{
{steps}
    }}

{functions}
    /// A call to where there is no code is refused with nothing, as it is for a caller that is a contract.
    function made(address to, address sender, bytes memory call) private returns (bool ok, bytes memory output) {{
        vm.prank(sender);
        (ok, output) = to.call(call);
        ok = ok && to.code.length != 0;
    }}

    function accepted(string memory step, bool ok) private pure {{
        require(ok, string.concat(step, ": refused, where it has to be accepted"));
    }}

    function returned(string memory step, bytes memory output, bytes memory expected) private pure {{
        require(keccak256(output) == keccak256(expected), string.concat(step, ": returns something else"));
    }}

    function refused(string memory step, bool ok, bytes memory output, bytes memory expected) private pure {{
        require(!ok, string.concat(step, ": accepted, where it has to be refused"));
        if (expected.length == 0) {{
            require(output.length == 0, string.concat(step, ": refused for another reason"));
            return;
        }}
        require(output.length >= expected.length, string.concat(step, ": refused for another reason"));
        for (uint256 i = 0; i < expected.length; i++) {{
            require(output[i] == expected[i], string.concat(step, ": refused for another reason"));
        }}
    }}

    function same(string memory step, address at, bytes memory view_, uint256 expected) private view {{
        (bool ok, bytes memory output) = at.staticcall(view_);
        require(ok && abi.decode(output, (uint256)) == expected, string.concat(step, ": another state"));
    }}
}}
"""


@attrs.frozen
class Contracts:
    """The calls of a protocol in terms of its deployed contracts, for generated tests.

    `calls` has for each action the contract and the function's signature. It also has the trace's names of the
    arguments (empty for hints) and of the return values. `parts` are the contracts of each vault, the vault itself
    first. `tokens` maps contract names to tokens. `addresses` are the arguments that are addresses. `views` are
    functions of a vault without arguments whose values a trace's state has under the same name. `errors` has the
    signature of each error with arguments.
    """

    calls: Mapping[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]]
    parts: tuple[str, ...]
    tokens: Mapping[str, str]
    addresses: frozenset[str]
    views: tuple[str, ...]
    errors: Mapping[str, str]


def write_foundry(document: Mapping[str, Json], contracts: Contracts) -> str:
    """The Solidity file for the trace `document`. Raises MalformedTrace if the trace has a call that `contracts` does
    not have.
    """
    config = cast("dict[str, Any]", document["config"])
    steps = cast("list[dict[str, Any]]", document["steps"])
    writer = _Writer(contracts, tuple(config["vaults"]))
    functions = [writer.step(position, step) for position, step in enumerate(steps)]
    return PAGE.format(
        interfaces=writer.interfaces(),
        contracts=", ".join(sorted(writer.asked)),
        steps="\n".join([f"        step{position}();" for position in range(len(steps))]),
        functions="\n".join(functions),
    )


class _Writer:
    """The Solidity functions for the steps of one trace, and the contracts and interface functions that they use."""

    def __init__(self, contracts: Contracts, vaults: tuple[str, ...]) -> None:
        self._contracts: Final = contracts
        self._vaults: Final = vaults
        self._functions: Final[dict[str, set[str]]] = {}
        self.asked: Final[set[str]] = set()

    def interfaces(self) -> str:
        """The Solidity interfaces of the called contracts."""
        return "\n".join(
            f"interface {_interface(contract)} {{\n"
            + "".join([f"    {function}\n" for function in sorted(functions)])
            + "}\n"
            for contract, functions in sorted(self._functions.items())
        )

    def step(self, position: int, step: Mapping[str, Any]) -> str:
        """The Solidity function for one step."""
        name = f"step {position}, {step['action']}"
        lines = [f"vm.warp({step['timestamp']});"]
        if step["sender"] is not None:
            lines += self._call(position, name, step)
        return (
            f"    function step{position}() private {{\n" + "".join([f"        {line}\n" for line in lines]) + "    }\n"
        )

    def _call(self, position: int, name: str, step: Mapping[str, Any]) -> list[str]:
        if step["action"] not in self._contracts.calls:
            raise MalformedTrace(f"steps[{position}].action", f"{step['action']} has no form in Solidity yet")
        contract, signature, names, returned = self._contracts.calls[step["action"]]
        function, _, types = signature[:-1].partition("(")
        kinds = types.split(",") if types else []
        memory = ["calldata " if kind == "bytes" or kind.endswith("]") else "" for kind in kinds]
        parameters = ", ".join([f"{kind} {place}".strip() for kind, place in zip(kinds, memory, strict=True)])
        outputs = f" returns ({', '.join(['uint256'] * len(returned))})" if returned else ""
        self._functions.setdefault(contract, set()).add(f"function {function}({parameters}) external{outputs};")
        lines: list[str] = []
        arguments: list[str] = []
        for kind, argument in zip(kinds, names, strict=True):
            value = step["args"].get(argument)
            if kind.endswith("[]"):
                lines.append(f"{kind} memory list = new {kind}({len(value)});")
                lines += [f"list[{index}] = {item};" for index, item in enumerate(value)]
            arguments.append(self._value(kind, argument, value))
        to = self._at(contract, step["args"].get("vault", ""))
        call = f"abi.encodeCall({_interface(contract)}.{function}, ({', '.join(arguments)}))"
        output = "bytes memory output" if not step["ok"] or returned else ""
        lines += [
            f"address to = {to};",
            f"bytes memory call = {call};",
            f"(bool ok, {output}) = made(to, {self._account(step['sender'])}, call);",
        ]
        if step["ok"]:
            lines.append(f'accepted("{name}", ok);')
            if returned:
                values = ", ".join([f"uint256({step['returns'][field]})" for field in returned])
                lines.append(f'returned("{name}", output, abi.encode({values}));')
        else:
            lines.append(f'refused("{name}", ok, output, {self._error(step["error"])});')
        return [*lines, *self._state(name, step)]

    def _state(self, name: str, step: Mapping[str, Any]) -> list[str]:
        """The assertions on the views of the called vault after a step, as lines of Solidity; none if the step calls no
        vault. `name` is the step's name in messages.
        """
        vault = step["args"].get("vault")
        if vault not in self._vaults:
            return []
        at, state = self._at(self._contracts.parts[0], vault), step["post"]["vaults"][vault]
        return [
            f'same("{name}", {at}, abi.encodeWithSignature("{function}()"), {state[function]});'
            for function in self._contracts.views
        ]

    def _at(self, contract: str, vault: str) -> str:
        parts = self._contracts.parts
        name = self._contracts.tokens.get(contract, contract)
        if contract in parts:
            name = vault if contract == parts[0] else f"{vault}.{contract}"
        self.asked.add(name)
        return f"contractAt({_text(name)})"

    def _account(self, name: str) -> str:
        if name in self._vaults:
            return self._at(self._contracts.parts[0], name)
        return "address(0)" if name == "zero" else f"account({_text(name)})"

    def _value(self, kind: str, name: str, value: Any) -> str:
        if name in self._contracts.addresses:
            return self._account(value)
        if kind == "bytes32":
            network, _, number = value.partition("/sub")
            return f"subnetwork({_text(network)}, {number})"
        if kind.endswith("[]"):
            return "list"
        if kind == "bytes":
            return '""'
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _error(self, reason: str) -> str:
        """The expected beginning of the revert data, as a Solidity expression: a selector, or the whole data of a
        panic.
        """
        panic = re.fullmatch(r"Panic\((0x[0-9a-f]+)\)", reason)
        if panic:
            return f'abi.encodeWithSignature("Panic(uint256)", {panic[1]})'
        if reason == "EmptyRevert":
            return '""'
        signature = self._contracts.errors.get(reason, f"{reason}()")
        return f'abi.encodePacked(bytes4(keccak256("{signature}")))'


def _interface(contract: str) -> str:
    return "I" + "".join([word.capitalize() for word in contract.split("_")])


def _text(name: str) -> str:
    """A name as a string literal of Solidity. Raises MalformedTrace if Solidity cannot express it."""
    if not re.fullmatch(r"[\x20-\x7e]*", name) or '"' in name or "\\" in name:
        raise MalformedTrace("config", f"a name that Solidity cannot hold: {name!r}")
    return f'"{name}"'
