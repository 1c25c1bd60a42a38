"""Classes of QGIS that modules name when they are imported, and that no test on PyQt6 uses."""

from __future__ import annotations

ADVICE = "was used, but there is no QGIS here. Run this test in a real one."


class AbsentError(AttributeError):
    """A test on PyQt6 has reached into QGIS."""


class Absent(type):
    """Its classes can be named, and objects of them made and kept; nothing can be asked of either."""

    def __new__(cls, name: str) -> Absent:
        return super().__new__(cls, name, (), {"__init__": _keep_nothing, "__getattr__": _refuse})

    def __init__(cls, name: str) -> None:
        super().__init__(name, (), {})

    def __getattr__(cls, name: str) -> object:
        raise AbsentError(f"{cls.__name__}.{name} {ADVICE}")


def _keep_nothing(_self: object, *_arguments: object, **_named: object) -> None: ...


def _refuse(self: object, name: str) -> object:
    raise AbsentError(f"{type(self).__name__}().{name} {ADVICE}")


def absent(name: str) -> type:
    """A class of that name.

    Raises:
        AttributeError: If it is not named like a class of QGIS.
    """
    if not name.startswith("Q"):
        raise AttributeError(name)
    return Absent(name)
