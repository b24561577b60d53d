"""`robot-rl demo`: the ways to name task and store, and what the graph makes of a person."""

from __future__ import annotations

import pytest

from robot_rl.cli.demo import named
from robot_rl.cli.main import main
from robot_rl.core.errors import UsageError
from robot_rl.graph import build
from robot_rl.graph.build import guidance


def test_task_and_store_are_told_apart() -> None:
    assert named(["lift"]) == {"task": "lift"}
    assert named(["out.zarr"]) == {"out": "out.zarr"}
    assert named(["data/a", "lift"]) == {"out": "data/a", "task": "lift"}
    for words in (["lift", "reach"], ["a.zarr", "b.zarr"]):
        with pytest.raises(UsageError, match="both name a"):
            named(words)


def test_a_store_named_twice_and_an_unknown_device_are_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["a.zarr", "--out", "b.zarr"], ["--device", "teapot"]):
        assert main(["demo", *words]) == 2
        said = capsys.readouterr().err
        assert words[-1] in said and len(said.splitlines()) == 1


def test_a_script_is_neither_counted_down_nor_reviewed_unless_asked() -> None:
    policy = build("demo", {"task": "lift"}).node("policy").parameters
    assert (policy["review"], policy["countdown_s"], policy["episode_steps"]) == (False, 0.0, 60)
    asked = {"review": "true", "countdown": "2", "episode_steps": "90"}
    policy = build("demo", {"task": "lift", **asked}).node("policy").parameters
    assert (policy["review"], policy["countdown_s"], policy["episode_steps"]) == (True, 2.0, 90)


def test_a_person_gets_time_a_countdown_and_a_word_on_each_episode() -> None:
    policy = guidance({"policy": {"episode_steps": 60}})["policy"]
    assert policy["review"] and policy["countdown_s"] > 0 and policy["episode_steps"] > 60
