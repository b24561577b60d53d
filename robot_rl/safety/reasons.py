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
    CLIPPED = "the command left [-1, 1] and was clipped"
    COMMAND_SILENT = "no new command came in time: the robot holds"
    STATE_MISSING = "no joint states have come yet: the robot holds"
    STATE_STALE = "joint states are older than the limit: the robot holds"
    STATE_INVALID = "joint states were incomplete or not finite and were dropped"
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
    TRACKING = "the robot is not where it was commanded: fault"
    RESET_TIMEOUT = "the reset did not arrive in time: fault"
    TASK_RESET_FAILED = "the task could not be put back: fault"
    ESTOP = "the emergency stop is set: the robot holds until a person clears it"


class Mode(Enum):
    """What may move the robot."""

    IDLE = "holding; nothing may move the robot until it is reset or started"
    RESETTING = "moving home"
    READY = "home; waiting for start"
    RUNNING = "following actions"
    ESTOP = "emergency stop; a person must clear it"
    FAULT = "fault; a person must clear it"
