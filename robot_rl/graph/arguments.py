"""Arguments of a graph: declaration, `key:=value` parsing, types and bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from robot_rl.core.errors import UsageError, unknown_name


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a graph, the same for `ros2 launch` and `robot-rl launch`."""

    name: str
    description: str
    default: str = ""
    """Text as a user would write it; '' stands for 'not given'."""
    choices: tuple[str, ...] = ()
    kind: Callable[[str], Any] = str
    """Converter of the text; raises ValueError."""
    targets: tuple[str, ...] = ()
    """Parameters it sets, as 'section.key' (section '/**': every node that has the key)."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """All texts that are one of the choices, as ROS 2 launch compares: its default has to be among them."""
        capitals = [choice.capitalize() for choice in self.choices] if self.kind is boolean else []
        return tuple(dict.fromkeys([*self.choices, *capitals, self.default])) if self.choices else ()


def boolean(text: str) -> bool:
    """'true' or 'false' in any case (ROS launch files write both True and true)."""
    if text.lower() not in ("true", "false"):
        raise ValueError("expected true or false")
    return text.lower() == "true"


def names(text: str) -> list[str]:
    """Comma-separated list; empty items are dropped."""
    return [item.strip() for item in text.split(",") if item.strip()]


def parse_assignments(words: Iterable[str]) -> dict[str, str]:
    """`key:=value` words as a mapping, the last of a key winning; UsageError for any other word."""
    given: dict[str, str] = {}
    for word in words:
        key, separator, value = word.partition(":=")
        if not separator or not key.isidentifier():
            remedy = f"write {word.replace('=', ':=', 1)}" if "=" in word else "write key:=value"
            raise UsageError(f"argument '{word}' is not of the form key:=value: {remedy}.")
        given[key] = value
    return given


def convert(arguments: Iterable[Argument], given: Mapping[str, str], graph: str) -> dict[str, Any]:
    """Typed values of the arguments in `given` that are not ''; UsageError for an unknown name or a bad value."""
    known = {argument.name: argument for argument in arguments}
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            raise unknown_name("argument", name, known, f"graph '{graph}'")
        if text != "":
            values[name] = _convert(known[name], text)
    return values


def defaults(arguments: Iterable[Argument]) -> dict[str, Any]:
    """Typed default values of the arguments that have one."""
    return {a.name: _convert(a, a.default) for a in arguments if a.default != ""}


def _convert(argument: Argument, text: str) -> Any:
    choices = argument.choices
    if choices and text not in choices and text.lower() not in choices:
        raise UsageError(f"argument {argument.name}:={text} is not one of {', '.join(choices)}: choose one.")
    try:
        return argument.kind(text)
    except ValueError:
        kind = argument.kind.__name__
        raise UsageError(f"argument {argument.name}:={text} is not a valid {kind}: {argument.description}.") from None
