"""Every decision of the safety layer, with a sentence for a person."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Why a command was refused, altered or replaced by a hold."""

    NOT_FINITE = "the command held NaN or infinity and was dropped"
    WRONG_SIZE = "the command had the wrong number of entries and was dropped"
    STALE_COMMAND = "the command was older than the limit and was dropped"
    FUTURE_COMMAND = "the command was stamped in the future and was dropped"
    WRONG_MODE = "the command came while nothing may move the robot and was dropped"
    PERSON_ACTS = "a person has control: the policy's action was not executed"
    CLIPPED = "the command left [-1, 1] and was clipped"
    COMMAND_SILENT = "no new command came in time: the robot holds"
    STATE_MISSING = "no joint states have come yet: the robot holds"
    STATE_STALE = "joint states are older than the limit: the robot holds"
    STATE_INVALID = "joint states were incomplete or not finite and were dropped"
    CLOCK = "the clock stood still, or joint states are stamped in the future: the robot holds"
    STALLED = "the safety process was held up in mid-motion: it goes on from rest"
    WORKSPACE = "the tcp was kept inside the workspace"
    JOINT_POSITION = "a joint position limit slowed the motion"
    JOINT_VELOCITY = "a joint velocity limit slowed the motion"
    JOINT_ACCELERATION = "a joint acceleration limit slowed the motion"
    JERK = "a joint jerk limit smoothed the motion"
    ORIENTATION = "the tcp was kept inside its orientation cone"
    TCP_SPEED = "the tcp was kept below its speed limit"
    COLLISION = "the arm was kept away from itself and from the declared world"
    RATE_OF_CHANGE = "the command changed too suddenly and was smoothed"
    EFFORT = "a joint's effort was beyond its limit: the robot stopped and gave way"
    HELD_BACK = "something holds the robot back: the command gave way to it"
    INFEASIBLE = "no motion satisfies the limits: the robot brakes"
    TRACKING = "the robot is not where it was commanded: look what moved it, then clear the fault"
    NO_WAY_HOME = "no clear way home: move the arm by hand or give reset: via points, then clear the fault"
    RESET_TIMEOUT = "the reset did not arrive in time: look what holds the arm, then clear the fault"
    TASK_RESET_FAILED = "the task could not be put back: put it back by hand, then clear the fault"
    TASK_RESET_SILENT = "the task's reset service did not come or answer in time: start it, then clear the fault"
    ESTOP_SILENT = "the e-stop's heartbeat is missing: it counts as set until it is heard and a person clears it"
    ESTOP = "the emergency stop is set: the robot holds until a person clears it"


class Mode(Enum):
    """What may move the robot."""

    IDLE = "holding; nothing may move the robot until it is reset or started"
    RESETTING = "moving home"
    READY = "home; waiting for start"
    RUNNING = "following actions"
    ESTOP = "emergency stop; a person must clear it"
    FAULT = "fault; a person must clear it"

    @property
    def is_alarm(self) -> bool:
        """Whether nothing moves the robot before a person has cleared it."""
        return self in (Mode.ESTOP, Mode.FAULT)
