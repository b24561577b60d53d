"""A machine that cannot render cameras is told so before anything is started or written."""

import subprocess
import sys
from pathlib import Path

import pytest

from robot_rl.core.errors import UsageError
from robot_rl.graph import build
from robot_rl.graph.session import check_run
from robot_rl.robot import gl


def test_without_an_opengl_library_a_simulated_graph_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gl, "_loads", lambda library: False)
    with pytest.raises(UsageError, match="apt-get install libegl1"):
        check_run(build("learn", {"run": str(tmp_path / "run")}))
    check_run(build("learn", {"run": str(tmp_path / "run"), "sim": "false"}))
    assert not (tmp_path / "run").exists()


def test_a_backend_whose_library_is_missing_is_named_before_mujoco_is_imported() -> None:
    code = "import os, ctypes; os.environ['MUJOCO_GL'] = 'osmesa'\n"
    code += "def missing(name): raise OSError(name)\n"
    code += "ctypes.CDLL = missing\nimport robot_rl.robot.twin"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "libOSMesa.so.8 not found" in done.stderr.splitlines()[-1]
