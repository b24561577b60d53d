"""`robot-rl launch`: arguments, exit codes, and what is started."""

from __future__ import annotations

import sys
from typing import ClassVar

import pytest

from robot_rl.cli import running
from robot_rl.cli.main import main
from robot_rl.cli.supervisor import node_command
from robot_rl.graph import GRAPHS, build, locks


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locks.tempfile, "gettempdir", lambda: str(tmp_path))


@pytest.fixture
def started(monkeypatch):
    """Replace the supervisor; `started` collects (graph, params), `code` and `interrupt` say how it ends."""

    class Fake:
        graphs: ClassVar[list] = []
        code, interrupt = 0, 0

        def __init__(self, graph, params, log_dir, interrupts, console, hold=()):
            Fake.graphs.append(graph)
            assert len(hold) == 2
            assert all(path.is_file() for path in params.values())
            self.interrupts = interrupts

        def run(self):
            if Fake.interrupt:
                self.interrupts._on_signal(Fake.interrupt, None)
            return Fake.code

    Fake.graphs.clear()
    monkeypatch.setattr(running, "Supervisor", Fake)
    return Fake


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_graphs_exit_code_is_the_commands(started, code):
    started.code = code
    assert main(["launch", "demo", "episodes:=3", "run:=mine"]) == code
    assert started.graphs[0].node("policy").parameters["episodes"] == 3


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_an_interrupt_says_how_to_go_on(started, monkeypatch, capsys, number, code):
    monkeypatch.setattr(started, "interrupt", number)
    assert main(["launch", "demo"]) == code
    assert "goes on from here" in capsys.readouterr().err


def test_locks_are_free_again_afterwards(started):
    started.code = 0
    assert [main(["launch", "demo"]) for _ in range(2)] == [0, 0]


def test_a_domain_in_use_ends_with_2_and_writes_nothing(started, tmp_path, capsys):
    held = locks.take_domain(9, "other")
    assert main(["launch", "demo", "domain:=9", "run:=mine"]) == 2
    held.release()
    assert "run 'other'" in capsys.readouterr().err
    assert started.graphs == []
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", GRAPHS)
def test_show_args_explains_every_argument(name, capsys):
    assert main(["launch", name, "--show-args"]) == 0
    out = capsys.readouterr().out
    for argument in GRAPHS[name].arguments:
        assert f"'{argument.name}':\n        {argument.description}" in out


def test_command_of_a_node(tmp_path):
    graph = build("demo", {"namespace": "left"})
    command = node_command(graph, graph.node("sim"), tmp_path / "sim.yaml")
    assert command[:3] == [sys.executable, "-m", "robot_rl.nodes.sim"]
    assert command[3:6] == ["--ros-args", "--params-file", str(tmp_path / "sim.yaml")]
    assert "__node:=sim" in command
    assert "__ns:=/left" in command
