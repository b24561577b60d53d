"""The simulator's own knowledge as reward."""

from __future__ import annotations

import numpy as np

from robot_rl.core.errors import SchemaError
from robot_rl.core.outcome import Outcome
from robot_rl.robot.tasks.base import Task


class SimulatorReward:
    """Judges a task by its privileged state."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def outcome(self, state: np.ndarray) -> Outcome:
        """Outcome of the privileged state vector `state`; SchemaError if it is not finite or of another size."""
        state = np.asarray(state, np.float64)
        names = self._task.state_names
        if state.shape != (len(names),) or not np.isfinite(state).all():
            raise SchemaError(
                f"task state {state} is not {len(names)} finite numbers ({', '.join(names)}): not judged."
            )
        return self._task.outcome(state)
