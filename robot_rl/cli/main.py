"""`robot-rl`: the command line. Errors are one sentence on standard error; tracebacks only with --debug."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from typing import NoReturn

from robot_rl.core.errors import RobotRLError, UsageError, unknown_name
from robot_rl.core.exit_code import INTERRUPTED

COMMANDS = (
    "learn",
    "launch",
    "demo",
    "teleop",
    "eval",
    "reward",
    "estop",
    "episode",
    "view",
    "report",
    "replay",
    "robot",
    "calibrate",
    "bench",
    "doctor",
)
"""Sub-commands, each a module of this package with `add_parser(subparsers)`; its parser sets `handler` (or
`run`), a function of the parsed arguments that returns the exit code."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are UsageErrors."""

    def error(self, message: str) -> NoReturn:
        """Raise `message` as a UsageError."""
        raise UsageError(f"{message}: see '{self.prog} --help'.")


def available() -> list[str]:
    """Sub-commands whose module is there."""
    return [name for name in COMMANDS if importlib.util.find_spec(f"robot_rl.cli.{name}")]


def make_parser(names: Sequence[str]) -> Parser:
    """The parser with sub-commands `names`."""
    parser = Parser(prog="robot-rl", description="A real-robot learning stack for ROS 2.")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in names:
        importlib.import_module(f"robot_rl.cli.{name}").add_parser(subparsers)
    return parser


def run(words: Sequence[str]) -> int:
    """Carry out the command line `words` and return its exit code; raises RobotRLError."""
    known = available()
    command = next((word for word in words if not word.startswith("-")), "")
    if command and command not in known:
        raise unknown_name("command", command, known)
    # Only the module that is asked for is imported: the others may need seconds for torch or zarr.
    args = make_parser([command] if command else known).parse_args(words)
    handler = getattr(args, "handler", None) or args.run
    return int(handler(args))


def main(words: Sequence[str] | None = None) -> int:
    """Entry point: `run` with errors turned into sentences and exit codes."""
    words = list(sys.argv[1:] if words is None else words)
    debug = "--debug" in words
    try:
        return run([word for word in words if word != "--debug"])
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return 1
    except RobotRLError as error:
        if debug:
            raise
        print(f"robot-rl: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        if debug:
            raise
        print(f"robot-rl: internal error ({type(error).__name__}: {error}): --debug shows where.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
