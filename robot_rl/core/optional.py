"""Packages that only some commands need."""

from __future__ import annotations

import importlib.util

from robot_rl.core.errors import UsageError


def require(module: str, what: str, package: str, requirements: str) -> None:
    """Raise UsageError unless `module` is installed: `what` needs `package`, which requirements/`requirements` brings.

    >>> require("math", "counting", "math", "core.txt")
    """
    if importlib.util.find_spec(module) is None:
        raise UsageError(f"{what} needs {package}: pip install -r requirements/{requirements}.")
