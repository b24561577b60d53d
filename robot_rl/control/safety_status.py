"""What the safety process says of itself on `safety/status`. No ROS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robot_rl.safety.reasons import Mode


@dataclass(frozen=True)
class SafetyStatus:
    """One announcement of a safety process.

    `run_id` tells one process from the next; `why` is the sentence behind `mode`; `resets` and `alarms` count how often
    it became READY, and ESTOP or FAULT; `unsettled` is true from an alarm until a reset is asked for again, also once a
    person has cleared it; `paused` from a person's stop until then; `stamp_ns` is its node clock [ns].
    """

    run_id: int
    mode: Mode
    why: str = ""
    resets: int = 0
    alarms: int = 0
    unsettled: bool = False
    paused: bool = False
    stamp_ns: int = 0

    @classmethod
    def from_values(cls, why: str, values: Mapping[str, str]) -> SafetyStatus:
        """From a status message's sentence and values; KeyError where one is missing."""
        run_id, resets, alarms, stamp_ns = (int(values[name]) for name in ("run_id", "resets", "alarms", "stamp_ns"))
        unsettled, paused = (values[name] == "True" for name in ("unsettled", "paused"))
        return cls(run_id, Mode[values["mode"]], why, resets, alarms, unsettled, paused, stamp_ns)

    @property
    def alarmed(self) -> bool:
        """True where an e-stop or a fault is in force."""
        return self.mode.is_alarm
