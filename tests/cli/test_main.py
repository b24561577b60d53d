"""The command line: sentences and exit codes."""

from __future__ import annotations

import argparse

import pytest

from robot_rl.cli import main as module
from robot_rl.cli.main import COMMANDS, available, main
from robot_rl.core.errors import RobotRLError, UsageError


@pytest.fixture
def ends_with(monkeypatch):
    """Make command `doctor` raise an error or return a code."""

    def install(outcome):
        def handler(args: argparse.Namespace) -> int:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        class Fake:
            @staticmethod
            def add_parser(subparsers):
                subparsers.add_parser("doctor").set_defaults(handler=handler)

        monkeypatch.setattr(module.importlib, "import_module", lambda name: Fake)

    return install


@pytest.mark.parametrize(
    ("outcome", "code"),
    [(0, 0), (1, 1), (UsageError("x"), 2), (RobotRLError("x"), 1), (KeyboardInterrupt(), 130), (ValueError("x"), 1)],
)
def test_exit_codes(ends_with, outcome, code):
    ends_with(outcome)
    assert main(["doctor"]) == code


def test_an_error_is_one_sentence_and_debug_gives_the_traceback(ends_with, capsys):
    ends_with(UsageError("'a' is not 'b': write b."))
    main(["doctor"])
    assert capsys.readouterr().err == "robot-rl: 'a' is not 'b': write b.\n"
    with pytest.raises(UsageError):
        main(["--debug", "doctor"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lern"], "unknown command 'lern': did you mean 'learn'"),
        (["learn"], "TASK"),
        (["learn", "reach", "--sed", "1"], "unrecognized arguments: --sed 1"),
        (["learn", "reach", "--demos", "x"], "demos:=x does not exist"),
        (["learn", "reach", "--demos", "-1"], "-1 demonstrations cannot be recorded"),
        (["learn", "raech"], "unknown task 'raech'"),
        (["launch", "lern"], "unknown graph 'lern'"),
        (["launch", "learn", "task=reach"], "write task:=reach"),
        (["launch", "learn", "tsk:=reach"], "did you mean 'task'"),
        (["eval", "nothing"], "no run directory"),
    ],
)
def test_usage_errors_end_with_2_in_one_line_and_write_nothing(tmp_path, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert all(f"\n    {command}" in out for command in available())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    if command not in available():
        pytest.skip("not part of this installation")
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: robot-rl {command}")
