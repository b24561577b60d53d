"""Stand-ins for modules that a package imports but does not use in what is measured."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class _Anything:
    """What a stand-in module offers: a base class, an object, and a decorator that changes nothing."""

    def __new__(cls, *args: Any, **options: Any) -> Any:
        decorated = len(args) == 1 and callable(args[0])
        return args[0] if decorated else object.__new__(cls)

    def __init__(self, *args: Any, **options: Any) -> None:
        del args, options


class _StandIn(ModuleType):
    __version__ = "0.0"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (_Anything,), {})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names: Sequence[str]) -> None:
        self._names = [name for name in names if importlib.util.find_spec(name) is None]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] in self._names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        del module


@contextmanager
def stand_ins(names: Sequence[str]) -> Iterator[None]:
    """Let imports of those top-level modules `names` that are not installed succeed; nothing in them works."""
    finder = _Finder(names)
    before = set(sys.modules)
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in set(sys.modules) - before:
            if isinstance(sys.modules[name], _StandIn):
                del sys.modules[name]
