"""What the safety node decides, tick by tick: modes, arbitration, hold, e-stop and reset. No ROS."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import rotation_vector
from robot_rl.core.record import Source
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.modes import make_mode
from robot_rl.robot.modes.base import ArmState, JointMotion
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.filter import Motion, SafetyFilter
from robot_rl.safety.follower import ActionInForce, Executed
from robot_rl.safety.gate import ActionGate
from robot_rl.safety.reasons import Mode, Reason
from robot_rl.safety.reset import Phase, ResetMotion


@dataclass(frozen=True)
class Command:
    """One tick's command to the driver: joint positions (J,) [rad], velocities (J,) [rad/s], gripper joint position."""

    q: np.ndarray
    dq: np.ndarray
    opening: float


class SafetyController:
    """Decides each tick what is sent; the node around it only moves messages.

    Every refusal, alteration and hold is counted by `Reason` in `counts`. Actions are queued one deep: the newest
    replaces the one in force at the next tick, and what the replaced one really did is put on `executed`.
    """

    def __init__(self, config: SafetyNodeConfig, robot: RobotConfig, workspace: WorkspaceConfig | None = None) -> None:
        self.mode, self.counts = Mode.IDLE, Counter[Reason]()
        self.executed: list[Executed] = []
        self._config, self._robot = config, robot
        self._dt, self._period = 1.0 / robot.command.rate_hz, 1.0 / config.rate_hz
        self._twin = KinematicTwin(robot)
        self._map = ActionMap(robot)
        level = self._twin.tcp_pose(np.array(robot.home)).quaternion
        self._mode = make_mode(robot, level, self._period, workspace)
        self._turn = np.zeros(3)
        self._filter = SafetyFilter(robot, self._twin, workspace)
        self._gate = ActionGate(self._map.spec.size, config.max_action_age_s)
        self._force: ActionInForce | None = None
        self._next: ActionInForce | None = None
        self._reset: ResetMotion | None = None
        self._reset_ticks = 0
        self._accepted: tuple[Source, int] | None = None
        self._state_stamp: int | None = None
        self._measured = np.zeros(len(robot.joints))
        self._opening = robot.gripper.open

    @property
    def at_home(self) -> bool:
        """True where a reset has brought the arm home and waits for the task to be put back."""
        return self.mode is Mode.RESETTING and self._reset is not None and self._reset.phase is Phase.ARRIVED

    @property
    def still(self) -> bool:
        """True where the commanded velocity is zero."""
        return self._filter.still

    @property
    def motion_due(self) -> bool:
        """True where the next tick has something to do; else, in lockstep, time may stand still."""
        if self.mode is Mode.RESETTING:
            return not self.at_home
        if self.mode is Mode.RUNNING:
            return self._next is not None or self._force is not None
        return not self._filter.still

    def on_state(self, stamp_ns: int, q: np.ndarray, effort: np.ndarray | None = None) -> bool:
        """Take measured joint positions (J,) [rad] and, of a robot that reports them, efforts (J,) [Nm].

        Returns false and counts where the positions are not usable.
        """
        q = np.asarray(q, np.float64)
        sized = q.shape == self._measured.shape and (effort is None or effort.shape == q.shape)
        if not sized or not np.isfinite(q).all():
            self.counts[Reason.STATE_INVALID] += 1
            return False
        if self._state_stamp is None:
            self._filter.start_at(q)
        self._measured, self._filter.measured, self._state_stamp = q, q, stamp_ns
        self._filter.effort = effort
        return True

    def on_action(self, source: Source, stamp_ns: int, action: np.ndarray, now_ns: int) -> Reason | None:
        """Take an action (A,) that answers the observation of `stamp_ns`; return why it was refused, or None."""
        checked: tuple[np.ndarray, frozenset[Reason]] | Reason = Reason.WRONG_MODE
        if self.mode is Mode.RUNNING:
            if (source, stamp_ns) == self._accepted:
                return None
            checked = self._gate.check(action, stamp_ns, now_ns)
        if isinstance(checked, Reason):
            self.counts[checked] += 1
            return checked
        accepted, reasons = checked
        self._accepted = (source, stamp_ns)
        latency = max(0.0, (now_ns - stamp_ns) * 1e-9)
        self._next = ActionInForce(source, stamp_ns, accepted, latency, reasons=set(reasons))
        self.counts.update(reasons)
        return None

    def start(self) -> str:
        """Let actions move the robot; return '' or why not."""
        return self._switch(Mode.RUNNING, {Mode.READY, Mode.RUNNING})

    def stop(self) -> str:
        """Hold; return '' or why not."""
        return self._switch(Mode.IDLE, {Mode.READY, Mode.RUNNING, Mode.RESETTING, Mode.IDLE})

    def reset(self) -> str:
        """Begin the way home; return '' or why not."""
        if self._state_stamp is None:
            return Reason.STATE_MISSING.value
        refused = self._switch(Mode.RESETTING, {Mode.IDLE, Mode.READY, Mode.RUNNING})
        if not refused:
            self._reset = ResetMotion(self._robot, self._filter, self._config.reset_speed, self._dt)
            self._reset_ticks = 0
        return refused

    def task_was_reset(self, success: bool) -> None:
        """Take the outcome of putting the task back; ends the reset."""
        if self.mode is Mode.RESETTING:
            self._end_action()
            self.mode = Mode.READY if success else self._fault(Reason.TASK_RESET_FAILED)

    def estop(self) -> str:
        """Latch the emergency stop; always succeeds."""
        self._end_action()
        self.counts[Reason.ESTOP] += 1
        self.mode = Mode.ESTOP
        return ""

    def clear_estop(self) -> str:
        """Clear an emergency stop or a fault, by a person only; the robot then holds until it is reset."""
        if self.mode in (Mode.ESTOP, Mode.FAULT):
            self.mode = Mode.IDLE
        return ""

    def tick(self, now_ns: int) -> Command | None:
        """Return the next command at node clock `now_ns`, or None before the first joint states."""
        if self._state_stamp is None:
            self.counts[Reason.STATE_MISSING] += 1
            return None
        before = self._filter.tcp.quaternion
        motion = self._watch(now_ns) or self._move(now_ns)
        self._turn = rotation_vector(before, self._filter.tcp.quaternion) / self._dt
        self.counts.update(motion.reasons)
        if self._force is not None:
            self._force.reasons |= motion.reasons
            if self._force.ticks * self._dt >= self._period - 1e-9 and self._config.lockstep:
                self._end_action()
        return Command(motion.q, motion.dq, self._opening)

    def _watch(self, now_ns: int) -> Motion | None:
        assert self._state_stamp is not None
        if (now_ns - self._state_stamp) * 1e-9 > self._config.max_state_age_s:
            self._end_action()
            return self._filter.brake(self._dt, Reason.STATE_STALE)
        if (
            self.mode is not Mode.FAULT
            and np.abs(self._measured - self._filter.q).max() > self._robot.limits.tracking_fault
        ):
            self._end_action()
            self.mode = self._fault(Reason.TRACKING)
        return None

    def _move(self, now_ns: int) -> Motion:
        if self.mode is Mode.RESETTING:
            return self._tick_reset()
        if self.mode is Mode.RUNNING:
            return self._tick_action(now_ns)
        return self._filter.hold(self._dt)

    def _tick_reset(self) -> Motion:
        assert self._reset is not None
        self._reset_ticks += 1
        if not self.at_home and self._reset_ticks * self._dt > self._config.reset_timeout_s:
            self.mode = self._fault(Reason.RESET_TIMEOUT)
            return self._filter.brake(self._dt)
        self._opening = self._robot.gripper.open
        return self._reset.tick()

    def _tick_action(self, now_ns: int) -> Motion:
        if self._next is not None:
            self._begin_action(self._next)
        if self._force is None:
            return self._filter.brake(self._dt)
        if (now_ns - self._force.stamp_ns) * 1e-9 > self._period + self._config.max_action_age_s:
            self._end_action()
            return self._filter.brake(self._dt, Reason.COMMAND_SILENT)
        return self._follow(self._force)

    def _follow(self, force: ActionInForce) -> Motion:
        assert force.course is not None
        force.ticks += 1
        wish = force.course.next(self._arm(), self._dt)
        if isinstance(wish, JointMotion):
            return self._filter.follow_joints(self._filter.q + wish.dq * self._dt, self._dt)
        return self._filter.follow_tcp(wish.velocity, wish.quaternion, self._dt, wish.turn)

    def _arm(self) -> ArmState:
        now = self._filter
        return ArmState(now.q, now.dq, now.tcp, now.tcp_velocity, self._turn)

    def _begin_action(self, action: ActionInForce) -> None:
        self._end_action()
        action.course = self._mode.begin(action.action[: self._map.motion], self._arm())
        self._force, self._next = action, None
        self._opening = self._map.opening(action.action)

    def _end_action(self) -> None:
        force, self._force = self._force, None
        if force is not None and force.course is not None:
            action = self._map.join(force.course.executed(self._arm()), self._opening)
            reasons = frozenset(force.reasons)
            self.executed.append(Executed(force.stamp_ns, force.source, action, force.latency, reasons))

    def _switch(self, mode: Mode, allowed: set[Mode]) -> str:
        if self.mode not in allowed:
            return f"cannot go to {mode.name} from {self.mode.name}: {self.mode.value}."
        self._end_action()
        self._next = None
        self.mode = mode
        return ""

    def _fault(self, reason: Reason) -> Mode:
        self.counts[reason] += 1
        return Mode.FAULT
