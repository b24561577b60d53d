"""The step of an arm that benchmarks of the learner and of the policy share."""

from __future__ import annotations

from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec
from robot_rl.replay.synthetic import synthetic_spec


def arm_spec(image: int = 64) -> StepSpec:
    """Two cameras of `image` x `image` px, 18 numbers of proprioception, 4 of action."""
    return StepSpec(synthetic_spec(image, proprio=18).observation, ActionSpec(("x", "y", "z", "gripper")))
