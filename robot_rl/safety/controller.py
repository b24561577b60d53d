"""What the safety node decides, tick by tick: modes, arbitration, hold, e-stop and reset. No ROS."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.record import Source
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.arbiter import Arbiter
from robot_rl.safety.filter import Motion, SafetyFilter
from robot_rl.safety.follower import ActionInForce, Executed, Follower
from robot_rl.safety.gate import ActionGate
from robot_rl.safety.heartbeat import Heartbeat
from robot_rl.safety.reasons import Mode, Reason
from robot_rl.safety.reset import Phase, ResetMotion
from robot_rl.safety.supervision import Supervision
from robot_rl.safety.way_home import WayHome


@dataclass(frozen=True)
class Command:
    """One tick's command to the driver: joint positions (J,) [rad], velocities (J,) [rad/s], gripper joint position."""

    q: np.ndarray
    dq: np.ndarray
    opening: float


class SafetyController:
    """Decides each tick what is sent; the node around it only moves messages.

    E-stop over reset over person over policy. Every refusal, alteration and hold is counted by `Reason` in `counts`;
    `why` is the one behind an e-stop or a fault.
    """

    def __init__(self, config: SafetyNodeConfig, robot: RobotConfig, workspace: WorkspaceConfig | None = None) -> None:
        self.mode, self.counts = Mode.IDLE, Counter[Reason]()
        self.why: Reason | None = None
        self._config, self._robot = config, robot
        self._dt = 1.0 / robot.command.rate_hz
        self._filter = SafetyFilter(robot, KinematicTwin(robot), workspace)
        period = 1.0 / config.rate_hz
        silence = period + config.max_action_age_s
        self._follower = Follower(robot, self._filter, workspace, period, silence)
        self._gate = ActionGate(self._follower.size, config.max_action_age_s)
        self._arbiter = Arbiter(config.human_hold_s, config.max_action_age_s)
        self._supervision = Supervision(config.lockstep and config.supervised, self._judge)
        self._heartbeat = Heartbeat(config.estop_heartbeat_s)
        self._way = WayHome(robot, workspace or robot.workspace, config.reset_speed)
        self._reset: ResetMotion | None = None
        self._reset_ticks = 0
        self._accepted: tuple[Source, int, np.ndarray] | None = None
        self._state_stamp: int | None = None
        self._measured = np.zeros(len(robot.joints))

    @property
    def executed(self) -> list[Executed]:
        """What became of actions since the list was cleared."""
        return self._follower.executed

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
            return self._follower.busy
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
        """Take an action (A,) that answers the observation of `stamp_ns`; return why it was refused, or None.

        The policy's may have to wait for what a person does with the same observation.
        """
        take = self._supervision.person if source.is_prior else self._supervision.policy
        return take(source, stamp_ns, action, now_ns)

    def on_hands_off(self, stamp_ns: int, now_ns: int) -> None:
        """A person says that they do not act on the observation of `stamp_ns`: the policy does, from that one on."""
        self._arbiter.release()
        self._supervision.hands_off(stamp_ns, now_ns)

    def _judge(self, source: Source, stamp_ns: int, action: np.ndarray, now_ns: int) -> Reason | None:
        checked: tuple[np.ndarray, frozenset[Reason]] | Reason = Reason.WRONG_MODE
        if self.mode is Mode.RUNNING:
            if self._repeats(source, stamp_ns, action):
                return None
            checked = self._gate.check(action, stamp_ns, now_ns)
        if isinstance(checked, Reason):
            self.counts[checked] += 1
            return checked
        values, reasons = checked
        latency = max(0.0, (now_ns - stamp_ns) * 1e-9)
        accepted = ActionInForce(source, stamp_ns, values, latency, stamp_ns, reasons=set(reasons))
        if self._arbiter.refuses(source, now_ns):
            if not self._follower.answers(stamp_ns):
                self._follower.take(self._arbiter.stand_in(accepted, now_ns))
            self.counts[Reason.PERSON_ACTS] += 1
            return Reason.PERSON_ACTS
        self._accepted = source, stamp_ns, np.array(action)
        self._arbiter.heard(accepted, now_ns)
        self._follower.take(accepted)
        self.counts.update(reasons)
        return None

    def _repeats(self, source: Source, stamp_ns: int, action: np.ndarray) -> bool:
        """Whether this was said before. In real time a person may answer an observation anew: a touch cannot wait."""
        if self._accepted is None or self._accepted[:2] != (source, stamp_ns):
            return False
        return self._config.lockstep or np.array_equal(self._accepted[2], action)

    def on_estop(self, pressed: bool, steady_ns: int) -> None:
        """Take the e-stop topic, heard at `steady_ns` of a steady clock."""
        self._heartbeat.beat(steady_ns)
        if pressed and self.mode is not Mode.ESTOP:
            self.estop()

    def watch_estop(self, steady_ns: int) -> None:
        """Set the e-stop where its heartbeat is lost, or has never come and the robot would be moved."""
        self._heartbeat.check(steady_ns)
        due = self._heartbeat.begun or self.mode in (Mode.RESETTING, Mode.RUNNING)
        if self._heartbeat.silent and due and self.mode is not Mode.ESTOP:
            self.estop(Reason.ESTOP_SILENT)

    def start(self) -> str:
        """Let actions move the robot; return '' or why not."""
        return self._switch(Mode.RUNNING, {Mode.READY, Mode.RUNNING})

    def stop(self) -> str:
        """Hold; return '' or why not."""
        return self._switch(Mode.IDLE, {Mode.READY, Mode.RUNNING, Mode.RESETTING, Mode.IDLE})

    def reset(self) -> str:
        """Begin the way home; return '' or why not."""
        if self._heartbeat.silent:
            self.estop(Reason.ESTOP_SILENT)
            return Reason.ESTOP_SILENT.value
        if self._state_stamp is None:
            return Reason.STATE_MISSING.value
        refused = self._switch(Mode.RESETTING, {Mode.IDLE, Mode.READY, Mode.RUNNING})
        if not refused:
            self._reset = ResetMotion(self._filter, self._way, self._dt)
            self._reset_ticks = 0
        return refused

    def task_was_reset(self, fault: Reason | None = None) -> None:
        """End the reset: the task has been put back, or it could not be, for the reason `fault`."""
        if self.mode is not Mode.RESETTING:
            return
        if fault is None:
            self._leave(Mode.READY)
        else:
            self._fault(fault)

    def estop(self, reason: Reason = Reason.ESTOP) -> str:
        """Latch the emergency stop; always succeeds."""
        self._leave(Mode.ESTOP)
        self.why = reason
        self.counts[reason] += 1
        return ""

    def clear_estop(self) -> str:
        """Clear an emergency stop or a fault, by a person only; the robot then holds until it is reset.

        Returns '' or why not.
        """
        if self._heartbeat.silent:
            return Reason.ESTOP_SILENT.value
        if self.mode.is_alarm:
            self._leave(Mode.IDLE)
        return ""

    def tick(self, now_ns: int) -> Command | None:
        """Return the next command at node clock `now_ns`, or None before the first joint states."""
        if self._state_stamp is None:
            self.counts[Reason.STATE_MISSING] += 1
            return None
        before = self._filter.tcp.quaternion
        motion = self._watch(now_ns) or self._move(now_ns)
        self._follower.note(motion, before)
        if self._config.lockstep:
            self._follower.end_after_period()
        return self._command(motion)

    def rest(self, q: np.ndarray) -> None:
        """Go on from rest at `q` (J,) [rad], sent last: nothing came for so long that the driver has stopped there."""
        if not self._filter.still or not np.array_equal(self._filter.q, q):
            self._follower.end()
            self._filter.start_at(q)
            self.counts[Reason.STALLED] += 1

    def brake(self, *reasons: Reason) -> Command | None:
        """The next command on the way to rest, whatever the mode; None before the first joint states."""
        if self._state_stamp is None:
            return None
        self._follower.end()
        return self._command(self._filter.brake(self._dt, *reasons))

    def _command(self, motion: Motion) -> Command:
        self.counts.update(motion.reasons)
        return Command(motion.q, motion.dq, self._follower.opening)

    def _watch(self, now_ns: int) -> Motion | None:
        assert self._state_stamp is not None
        age = (now_ns - self._state_stamp) * 1e-9
        if abs(age) > self._config.max_state_age_s:
            self._follower.end()
            return self._filter.brake(self._dt, Reason.STATE_STALE if age > 0.0 else Reason.CLOCK)
        lost = np.abs(self._measured - self._filter.q).max() > self._robot.limits.tracking_fault
        if lost and not self.mode.is_alarm:
            self._fault(Reason.TRACKING)
        return None

    def _move(self, now_ns: int) -> Motion:
        if self.mode is Mode.RESETTING:
            return self._tick_reset()
        if self.mode is Mode.RUNNING:
            return self._follower.tick(now_ns)
        return self._filter.hold(self._dt)

    def _tick_reset(self) -> Motion:
        assert self._reset is not None
        self._reset_ticks += 1
        if not self.at_home and self._reset_ticks * self._dt > self._config.reset_timeout_s:
            self._fault(Reason.RESET_TIMEOUT)
            return self._filter.brake(self._dt)
        motion = self._reset.tick()
        if self._reset.phase is Phase.BLOCKED:
            self._fault(Reason.NO_WAY_HOME)
        elif self._reset.phase is not Phase.PLAN:
            self._follower.opening = self._robot.gripper.open
        return motion

    def _switch(self, mode: Mode, allowed: set[Mode]) -> str:
        if self.mode not in allowed:
            why = self.why or self.mode
            return f"cannot go to {mode.name} from {self.mode.name}: {why.value}."
        self._leave(mode)
        return ""

    def _leave(self, mode: Mode) -> None:
        """Go to `mode`; nothing that was commanded before is left over."""
        self._follower.drop()
        self._arbiter.release()
        self._supervision.forget()
        self.mode, self.why = mode, None

    def _fault(self, reason: Reason) -> None:
        self._leave(Mode.FAULT)
        self.why = reason
        self.counts[reason] += 1
