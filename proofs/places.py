"""The place of a lifted module's file, as modules see it while they are loaded: opaque, so that no constant depends on
the folder in which a module stands.
"""

from typing import NoReturn

from proofs.paths import refuse


class Place:
    """An opaque value in the place of `Path(__file__)` in a lifted module, and of whatever `parent`, `parents` or `/`
    makes of it. It may only be passed on: it has no other attributes, and every other use is refused.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # as Python writes it for a class without a hash

    @property
    def parent(self) -> "Place":
        """The folder of the place, which is as opaque as the place itself."""
        return self

    @property
    def parents(self) -> "Place":
        """The folders above the place, each of which is as opaque as the place itself."""
        return self

    def __getitem__(self, _number: int) -> "Place":
        return self

    def __truediv__(self, _name: str) -> "Place":
        return self

    def __eq__(self, _other: object) -> bool:
        _refuse()

    def __bool__(self) -> bool:
        _refuse()

    def __str__(self) -> str:
        _refuse()

    def __repr__(self) -> str:
        return "the place of a module"

    def __fspath__(self) -> str:
        _refuse()


def _refuse() -> NoReturn:
    refuse("what the place of a module is, while a module is loaded, is not understood")
