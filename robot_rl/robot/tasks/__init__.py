"""Tasks of the simulated arm; one module a task, which offers it as `TASK`."""

from __future__ import annotations

from robot_rl.config.plugins import load_plugin
from robot_rl.robot.tasks.base import Task


def load_task(name: str) -> Task:
    """The task in module `name` of this package; UsageError when there is none."""
    task: Task = load_plugin(__name__, "task", name).TASK
    return task
