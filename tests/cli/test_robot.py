"""`robot-rl robot check`."""

from __future__ import annotations

import json

from robot_rl.cli.main import main


def test_a_good_robot_gives_0_and_a_line_a_finding(capsys):
    assert main(["robot", "check", "ur5e", "--json"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    assert json.loads(last)["ok"] and len(json.loads(last)["findings"]) == len(lines)


def test_a_robot_whose_model_is_missing_gives_1_and_names_it(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["robot", "check", "so101"]) == 1
    assert "FAIL robot 'so101' has model" in capsys.readouterr().out
