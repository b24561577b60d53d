"""One step of an episode as a numpy structured record: what travels on `step` and rests in replay.

RLDS semantics (Ramos et al. 2021): a step holds o_t, the action a_t executed from it, the reward r_t that this
action earned, and flags. The episode's last observation is a step of its own (is_last, action zero), so every frame
is stored once; is_terminal on it says that the task really ended, a time limit leaves it false.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from robot_rl.core.spec import ActionSpec, ObservationSpec

SCHEMA = "robot_rl/step/1"


class Source(IntEnum):
    """Who chose the action of a step."""

    POLICY = 0
    SCRIPTED = 1
    HUMAN = 2
    INTERVENTION = 3
    HOLD = 4

    @property
    def is_prior(self) -> bool:
        """True where the step counts as demonstration data (scripted, human, intervention)."""
        return self in (Source.SCRIPTED, Source.HUMAN, Source.INTERVENTION)


@dataclass(frozen=True)
class StepSpec:
    """The layout of a step record: observation and action specs."""

    observation: ObservationSpec
    action: ActionSpec

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the observation's sources, in the order of the `age` field: cameras, then 'proprio'."""
        return (*self.observation.cameras, "proprio")

    @property
    def dtype(self) -> np.dtype:
        """Packed structured dtype; see `FIELDS` for meaning and units."""
        obs, size = self.observation, self.action.size
        return np.dtype(
            [
                ("seq", "<u8"),
                ("run_id", "<u4"),
                ("episode", "<u4"),
                ("index", "<u4"),
                ("stamp_ns", "<i8"),
                ("policy_version", "<u4"),
                ("source", "u1"),
                ("is_first", "u1"),
                ("is_last", "u1"),
                ("is_terminal", "u1"),
                ("success", "u1"),
                ("reward", "<f4"),
                ("latency", "<f4"),
                ("age", "<f4", (len(self.sources),)),
                ("action", "<f4", (size,)),
                ("proposed", "<f4", (size,)),
                ("proprio", "<f4", (len(obs.proprio),)),
                *((f"image_{name}", "u1", obs.image_shape) for name in obs.cameras),
            ]
        )

    def empty(self) -> np.ndarray:
        """Return a zeroed record, shape (), writable."""
        return np.zeros((), self.dtype)


FIELDS = {
    "seq": "sequence number of the step in its writer's life, from 0, without gaps",
    "run_id": "random number drawn when the step's writer started: (run_id, seq) names a step",
    "episode": "episode number, from 0, increasing within a run_id",
    "index": "step number within the episode, from 0",
    "stamp_ns": "node clock at which the observation was assembled [ns]",
    "policy_version": "version of the weights that proposed the action, 0 where untrained or not a policy",
    "source": "who chose the action (core.record.Source)",
    "is_first": "1 on the episode's first step",
    "is_last": "1 on the episode's last observation, which has no action",
    "is_terminal": "1 where the task really ended here (never for a time limit)",
    "success": "1 where the task is done at this observation",
    "reward": "reward of the transition from this step to the next",
    "latency": "observation stamp to the first robot command of the action [s]",
    "age": "age of each source (cameras, proprio) when the observation was assembled [s]",
    "action": "executed action in [-1, 1], after limits and overrides",
    "proposed": "proposed action in [-1, 1], before them",
    "proprio": "proprioception vector, names in the observation spec",
    "image_<camera>": "RGB image the policy saw, uint8 (height, width, 3)",
}
