"""Modules of a package as plug-ins: adding one is adding a file, its name is the name it goes by."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from robot_rl.core.errors import unknown_name


def plugin_names(package: str) -> tuple[str, ...]:
    """Names of the plug-ins in `package` (dotted): its modules, without `base` and those that start with '_'."""
    path = importlib.import_module(package).__path__
    names = (module.name for module in pkgutil.iter_modules(path))
    return tuple(sorted(name for name in names if name != "base" and not name.startswith("_")))


def load_plugin(package: str, kind: str, name: str) -> ModuleType:
    """Import module `name` of `package`; raise UsageError ("unknown <kind> ...") when there is none."""
    names = plugin_names(package)
    if name not in names:
        raise unknown_name(kind, name, names)
    return importlib.import_module(f"{package}.{name}")
