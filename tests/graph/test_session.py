"""What is written before the first node starts."""

from __future__ import annotations

import pytest
import yaml

from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.graph import build
from robot_rl.graph.session import check_run, prepare


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_resolved_configuration_and_parameter_files_are_written(tmp_path):
    paths = prepare(build("demo", {"run": "a"}))
    config = yaml.safe_load((tmp_path / "runs" / "a" / "config.yaml").read_text())
    assert config["schema"] == "robot_rl/run/1"
    assert config["identity"]["task"] == "reach"
    assert config["graphs"]["demo"]["nodes"]["policy"]["act"] == "teleop"
    assert paths["policy"] == tmp_path / "runs" / "a" / "log" / "demo" / "params" / "policy.yaml"


def test_graphs_of_one_run_are_kept_side_by_side(tmp_path):
    for name in ("demo", "learn", "demo"):
        prepare(build(name, {"run": "a"}))
    config = yaml.safe_load((tmp_path / "runs" / "a" / "config.yaml").read_text())
    assert set(config["graphs"]) == {"demo", "learn"}


@pytest.mark.parametrize(
    ("given", "message"),
    [({"task": "lift"}, "was made with task 'reach', not 'lift'.*task:=reach"), ({"seed": "4"}, "seed 0, not 4")],
)
def test_another_task_or_seed_is_refused_and_nothing_written(tmp_path, given, message):
    prepare(build("learn", {"run": "a"}))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=message):
        check_run(build("learn", {"run": "a", **given}))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_run_of_another_schema_is_refused(tmp_path):
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "config.yaml").write_text("schema: robot_rl/run/0\n")
    with pytest.raises(SchemaError, match="robot_rl/run/0"):
        check_run(build("learn", {"run": "a"}))


def test_directory_with_other_things_is_no_run(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").touch()
    with pytest.raises(UsageError, match="thesis.tex"):
        check_run(build("learn", {"run": str(tmp_path / "home")}))
