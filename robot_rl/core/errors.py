"""Errors a person reads: one sentence naming the culprit, the value received and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from robot_rl.core.exit_code import USAGE


class RobotRLError(Exception):
    """Base of every error that is shown as one sentence; `exit_code` is what a command ends with."""

    exit_code = 1


class UsageError(RobotRLError):
    """The request itself is wrong (argument, config key, file, name); nothing was started or written."""

    exit_code = USAGE


class SchemaError(UsageError):
    """Stored data or a message has another schema, shape or version than the one needed."""


def unknown_name(kind: str, name: str, known: Iterable[str], where: str = "") -> UsageError:
    """Return the error for a name that is not one of `known`, suggesting the nearest one.

    >>> str(unknown_name("task", "raech", ["reach", "lift"]))
    "unknown task 'raech': did you mean 'reach'? Known: lift, reach."
    """
    options = sorted(known)
    near = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'? " if near else ""
    place = f" in {where}" if where else ""
    return UsageError(f"unknown {kind} '{name}'{place}: {hint}Known: {', '.join(options)}.")
