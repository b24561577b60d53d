"""One graph a domain, one graph a run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from robot_rl.core.errors import UsageError
from robot_rl.graph import locks
from robot_rl.graph.locks import domain_of, take, take_domain, take_run


@pytest.fixture(autouse=True)
def _own_tempdir(tmp_path, monkeypatch):
    monkeypatch.setattr(locks.tempfile, "gettempdir", lambda: str(tmp_path))


def test_second_graph_on_a_domain_is_told_who_has_it_and_what_to_do():
    held = take_domain(5, "/runs/first")
    with pytest.raises(UsageError, match=f"domain 5 .* process {os.getpid()} .run '/runs/first'.*domain:=N"):
        take_domain(5, "/runs/second")
    take_domain(6, "/runs/second").release()
    held.release()
    take_domain(5, "/runs/second").release()


def test_second_graph_in_a_run_is_told_who_has_it(tmp_path):
    held = take_run(tmp_path / "new" / ".lock", "mine")
    with pytest.raises(UsageError, match=f"run 'mine' is in use by .* process {os.getpid()}.*run:=NAME"):
        take_run(tmp_path / "new" / ".lock", "mine")
    held.release()


def test_lock_passes_to_a_process_that_inherits_it_and_ends_with_it(tmp_path):
    held = take(tmp_path / "lock", "taken")
    heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(held.fileno(),))
    held.release()
    with pytest.raises(UsageError):
        take(tmp_path / "lock", "taken")
    heir.communicate(b"\n")
    take(tmp_path / "lock", "taken").release()


def test_unreadable_notes_of_the_holder_do_not_matter(tmp_path):
    held = take(tmp_path / "lock", "taken")
    (tmp_path / "lock").write_text("???")
    with pytest.raises(UsageError, match="by unknown"):
        take(tmp_path / "lock", "by {pid}")
    held.release()


def test_domain_in_force():
    assert domain_of(3, {"ROS_DOMAIN_ID": "9"}) == 3
    assert domain_of(None, {"ROS_DOMAIN_ID": "9"}) == 9
    assert domain_of(None, {}) == 0
    with pytest.raises(UsageError, match="ROS_DOMAIN_ID is 'x'"):
        domain_of(None, {"ROS_DOMAIN_ID": "x"})
