"""What a person sees of the nodes' output."""

from __future__ import annotations

import io

import pytest

from robot_rl.cli.console import Console, bare, is_warning

ROS = "[{}] [1795378948.241537888] [policy]: the text"


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", False), ("INFO", False), ("WARN", True), ("ERROR", True)])
def test_warnings_and_above_are_shown(level, shown):
    assert is_warning(ROS.format(level)) is shown


def test_time_and_logger_are_left_out():
    assert bare(ROS.format("WARN")) == "WARN the text"
    assert bare(ROS.format("INFO")) == "the text"
    assert bare("[ERROR] a sentence") == "ERROR a sentence"
    assert bare("plain [WARN] text") == "plain [WARN] text"


def test_verbose_shows_all():
    quiet, loud = io.StringIO(), io.StringIO()
    Console(stream=quiet).node_line("a", "text")
    Console(stream=loud, verbose=True).node_line("a", "text")
    assert quiet.getvalue() == ""
    assert loud.getvalue() == "       a | text\n"


def test_a_closed_terminal_is_no_error():
    stream = io.StringIO()
    stream.close()
    Console(stream=stream).say("anything")
