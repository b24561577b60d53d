"""When the scripted supervisor takes over from the policy, and when it gives back control."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.param import param


@dataclass(frozen=True, kw_only=True)
class SupervisorConfig:
    """Ways are what the scripted expert says is left to do."""

    rate: float = param(1.0, "share of episodes that are watched, drawn at random", ge=0.0, le=1.0)
    patience: int = param(6, "steps without progress after which it takes over", ge=1)
    trust: int = param(0, "steps by which patience has grown once no episode of the last 20 needed help", ge=0)
    progress: float = param(0.005, "how much shorter than ever the way must become to be progress", ge=0.0, unit="m")
    tolerance: float = param(0.03, "how much longer than ever the way may become", ge=0.0, unit="m")
    deadline: int = param(0, "step of the episode from which on it takes over in any case; 0 for none", ge=0)
    give_back: float = param(0.5, "share of the way at the takeover at which it gives back control", ge=0.0, le=1.0)
    noise: float = param(0.0, "standard deviation of its action noise: its actions are imitated", ge=0.0, le=1.0)
    min_steps: int = param(3, "steps that it acts at least", ge=1)
    max_steps: int = param(20, "steps after which it gives back control in any case", ge=1)
