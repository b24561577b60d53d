"""`robot-rl bench learner`: what it prints."""

from __future__ import annotations

import json
import sys

import pytest

from robot_rl.bench import learner_peer
from robot_rl.bench.absent import stand_ins
from robot_rl.cli.main import run


def test_quick_figures_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(learner_peer, "lerobot_installed", lambda: False)
    monkeypatch.setattr("robot_rl.bench.learner.lerobot_installed", lambda: False)
    assert run(["bench", "learner", "--quick", "--json"]) == 0
    text = capsys.readouterr()
    found = json.loads(text.out.splitlines()[-1])
    assert found["64"]["ours_ms"] > 0 and found["64"]["lerobot_ms"] is None and found["64"]["ratio"] is None
    assert found["default_updates_per_s"] > 0
    assert "lerobot" in text.err


def test_what_is_not_installed_can_be_imported_and_leaves_nothing_behind() -> None:
    with stand_ins(["no_such_package", "json"]):
        import no_such_package.inner as inner

        class Derived(inner.Base):
            pass

        @inner.decorator
        def unchanged() -> int:
            return 3

        assert isinstance(Derived(), Derived) and unchanged() == 3
        assert json.loads("1") == 1, "what is installed stays"
    assert "no_such_package" not in sys.modules
    with pytest.raises(ImportError):
        import no_such_package  # noqa: F401
