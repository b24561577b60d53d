"""What critics see in simulation and policies never do (asymmetric actor-critic, Pinto et al. 2018)."""

from __future__ import annotations

import dataclasses
from fnmatch import fnmatchcase

from robot_rl.core.errors import UsageError
from robot_rl.core.record import StepSpec


def private_entries(patterns: tuple[str, ...], names: tuple[str, ...]) -> tuple[int, ...]:
    """Positions in `names` of those that match one of `patterns`; UsageError where a pattern matches none or all do."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(
                f"privileged has '{pattern}', which is no entry of the proprioception ({', '.join(names)}): "
                "correct it, or set sim_state for what the simulator knows."
            )
    found = tuple(k for k, name in enumerate(names) if any(fnmatchcase(name, pattern) for pattern in patterns))
    if patterns and len(found) == len(names):
        raise UsageError(f"privileged is {list(patterns)}, which leaves the policy no proprioception: name fewer.")
    return found


def without(spec: StepSpec, patterns: tuple[str, ...]) -> StepSpec:
    """`spec` without the proprioception entries that match one of `patterns`."""
    kept = tuple(n for n in spec.observation.proprio if not any(fnmatchcase(n, pattern) for pattern in patterns))
    return dataclasses.replace(spec, observation=dataclasses.replace(spec.observation, proprio=kept))
