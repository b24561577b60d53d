"""The message on `learner/status`: what is on disk of each writer of steps, and how far the updates are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sensor_msgs.msg import JointState

from robot_rl.control.backlog import Backlog
from robot_rl.nodes import convert

COMMITTED = "committed_"


@dataclass(frozen=True)
class LearnerStatus:
    """`committed`: by run_id, the number below which every step that has arrived is on disk; `env_steps`: rows of the
    store; `updates` made and `update_debt` outstanding; `waiting`: steps that the disk refuses; `ending`: see Backlog.
    """

    committed: Mapping[int, int] = field(default_factory=dict)
    env_steps: int = 0
    updates: int = 0
    update_debt: float = 0.0
    waiting: int = 0
    ending: bool = False

    def backlog(self, run_id: int, before: Backlog | None) -> Backlog:
        """What it says to the writer `run_id`, which was told `before` last.

        A learner that has just started does not know the writer yet: what was on disk still is.
        """
        committed = max(self.committed.get(run_id, 0), before.committed if before else 0)
        return Backlog(committed, self.waiting, self.update_debt, self.ending)


def status_to_msg(status: LearnerStatus, stamp_ns: int) -> JointState:
    """A LearnerStatus to a named vector; the entries of the writers are named by their run_id in hexadecimal."""
    values: dict[str, float] = {"env_steps": status.env_steps, "updates": status.updates}
    values |= {"update_debt": status.update_debt, "waiting": status.waiting, "ending": status.ending}
    values |= {f"{COMMITTED}{run_id:08x}": count for run_id, count in status.committed.items()}
    return convert.vector_to_msg(tuple(values), tuple(values.values()), stamp_ns)


def status_from_msg(msg: JointState) -> LearnerStatus:
    """A named vector to a LearnerStatus; KeyError where an entry is missing."""
    values = convert.mapping_from_msg(msg)
    counts = {int(k.removeprefix(COMMITTED), 16): int(v) for k, v in values.items() if k.startswith(COMMITTED)}
    return LearnerStatus(
        committed=counts,
        env_steps=int(values["env_steps"]),
        updates=int(values["updates"]),
        update_debt=values["update_debt"],
        waiting=int(values["waiting"]),
        ending=bool(values["ending"]),
    )
