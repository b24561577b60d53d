"""Plug-ins are the modules of a package; nothing registers them."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot_rl.config.plugins import load_plugin, plugin_names
from robot_rl.core.errors import UsageError


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "plugins_of_a_test"
    folder.mkdir()
    for name in ("__init__", "base", "_hidden", "push", "pull"):
        (folder / f"{name}.py").write_text(f"NAME = '{name}'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder.name


def test_names_are_the_modules_without_base_and_private_ones(plugins: str) -> None:
    assert plugin_names(plugins) == ("pull", "push")


def test_plugin_is_loaded_by_name(plugins: str) -> None:
    assert load_plugin(plugins, "task", "push").NAME == "push"


@pytest.mark.parametrize("name", ["psuh", "base", "_hidden", "push.x", ""])
def test_unknown_name_is_a_usage_error_that_lists_what_there_is(plugins: str, name: str) -> None:
    with pytest.raises(UsageError, match="unknown task.*Known: pull, push"):
        load_plugin(plugins, "task", name)
