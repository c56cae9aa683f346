"""The specification as a client, and as a process that is one."""

import sys
from collections.abc import Callable

import pytest

from conformance.reference import Reference
from harness.protocols import pack_at

START = "from harness.cli import main; main()"


@pytest.fixture
def reference() -> Callable[[str], Reference]:
    return lambda protocol: Reference(pack_at(protocol).calls, "1")


@pytest.fixture
def serving() -> Callable[[str], str]:
    """The command that serves a protocol's specification."""
    return lambda protocol: f"{sys.executable} -c '{START}' serve {protocol}"
