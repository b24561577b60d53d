"""Synchronised observations to actions at the control rate, episodes, and the step stream."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from std_msgs.msg import Header, UInt8MultiArray

from robot_rl.config.nodes import PolicyNodeConfig
from robot_rl.control.backlog import BacklogRule
from robot_rl.control.choose import Chooser
from robot_rl.control.episode import EpisodeTally, episode_over
from robot_rl.control.episode_machine import EpisodeMachine, Event, State
from robot_rl.control.guide import Guide
from robot_rl.control.steps import StepAssembler
from robot_rl.core.errors import RobotRLError
from robot_rl.core.observation import Observation
from robot_rl.core.outcome import Outcome
from robot_rl.core.record import Source
from robot_rl.nodes import convert, qos
from robot_rl.nodes.conductor import Conductor
from robot_rl.nodes.diagnostics import OK, WARN, Diagnostics, Report
from robot_rl.nodes.episode_desk import EpisodeDesk
from robot_rl.nodes.loading import choose_from
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.nodes.senses import Senses
from robot_rl.nodes.step_stream import StepStream
from robot_rl.perception.synchronizer import Missing
from robot_rl.robot.spec import load_robot, step_spec

EPISODE_NAMES = ("episode", "length", "return", "success", "policy_version", "interventions")
CLOSE_S = 2.0
"""Wall time that the last executed action of an episode may take to arrive."""
SAY_S = 1.0
"""Wall time after which a node that stays for its last steps says so."""
MAX_GAP = 5
"""Ticks without an observation after which a running episode is truncated."""


class PolicyNode(GraphNode):
    """Runs episodes: asks for a reset, acts on each observation, and publishes the steps that result."""

    def __init__(self) -> None:
        super().__init__("policy")
        self.config = config = self.configure(PolicyNodeConfig)
        self.spec = step_spec(config, load_robot(config.robot))
        run_id = int(np.random.SeedSequence().generate_state(1)[0])
        self.steps = StepAssembler(self.spec, run_id)
        self.tally = EpisodeTally(config.episodes, config.discard_failures)
        self.chooser: Chooser = choose_from(config, self.spec)
        self.machine, self._in_episode, self._leaving = EpisodeMachine(), False, False
        self.guide = Guide(self.machine, config.review)
        self._last_tick_ns, self._fresh_ns, self._taken, self._gap = 0, 0, 0, 0
        self._since = time.monotonic()
        self._proposed: np.ndarray | None = None
        rule = BacklogRule(
            config.max_backlog, config.max_update_debt, config.episode_steps + 1, config.wait_for_learner
        )
        self.stream = StepStream(self, run_id, rule, self._on_learner, hold=config.review)
        self._connect()

    def _connect(self) -> None:
        self._action = self.create_publisher(JointState, "action/policy", qos.COMMAND)
        self._tick_pub = self.create_publisher(Header, "tick", qos.STREAM)
        self._episode = self.create_publisher(JointState, "episode", qos.EVENTS)
        self.desk = EpisodeDesk(self, self.machine, self.guide, self._on_person)
        countdown_s = self.config.countdown_s
        self.conductor = Conductor(self, self.machine, self._begin, self._on_lost, self._attend, countdown_s)
        images = qos.pictures(self.config.lockstep)
        rate_hz = 0.0 if self.config.lockstep else self.config.rate_hz
        self.senses = Senses(self, self.spec.observation, self.config.max_age_s, rate_hz, self._tick_by_data, images)
        self.create_subscription(JointState, "action/executed", self._on_executed, qos.EVENTS)
        if self.config.act != "teleop" and not self.config.weights:
            self.create_subscription(UInt8MultiArray, "policy/weights", self._on_weights, qos.LATCHED)
        self.create_timer(0.05, self._attend, clock=Clock(clock_type=ClockType.STEADY_TIME))
        if not self.config.lockstep:
            self.create_timer(1.0 / self.config.rate_hz, self._tick_by_clock)
        Diagnostics(self, "observations", self.config.robot, self._report)

    def _on_executed(self, msg: JointState) -> None:
        action = convert.vector_from_msg(msg, self.spec.action.names)
        latency = convert.mapping_from_msg(msg)["latency"]
        source = Source[msg.header.frame_id]
        if self.steps.execute(convert.time_from_msg(msg.header.stamp), action, source, latency):
            self.machine.acted(source)
        self._send_steps()

    def _on_learner(self) -> None:
        if self.stream.ending:
            self._abandon()
        self._attend()

    def _on_weights(self, msg: UInt8MultiArray) -> None:
        try:
            self.chooser.load(convert.bytes_from_msg(msg))
        except RobotRLError as error:
            self.get_logger().error(f"kept weights version {self.chooser.version}: {error}")

    def _on_person(self) -> None:
        """A service was granted: a pause ends the episode where it is and stops the robot."""
        if self.machine.state is State.STOPPED:
            self.conductor.stop(by_person=True)
            self._on_lost()
        if self._in_episode and self.guide.unwanted:
            self._cut("a person discards it")
        self.guide.settle(self._keep, self._forget)
        self._attend()

    def _on_lost(self) -> None:
        if self._in_episode and not self.steps.ended:
            self._cut(self.machine.why)

    def _begin(self, home_ns: int) -> None:
        # In lockstep the simulator's clock jumps by a period when the task has been put back.
        begin_ns = self.now_ns() if self.config.countdown_s and not self.config.lockstep else home_ns
        self._fresh_ns = begin_ns + (round(0.5e9 / self.config.rate_hz) if self.config.lockstep else 0)
        self.steps.begin()
        self.chooser.begin()
        self.tally.begin()
        self.guide.begin()
        self._in_episode = True
        self._taken, self._gap = 0, 0
        self.senses.forget_before(self._fresh_ns)
        self._tick_by_data()

    def _tick_by_data(self) -> None:
        """Lockstep: tick when every source and the reward share one new stamp."""
        if not self.config.lockstep or not self.machine.acting:
            return
        stamp = self.senses.judged_stamp()
        if stamp is None or stamp < self._fresh_ns:
            return
        if not self._taken or stamp - self._last_tick_ns > 0.5e9 / self.config.rate_hz:
            self._tick(stamp)
        else:
            self._send_action()  # time stands still: nobody has answered yet, so the action may have been lost

    def _tick_by_clock(self) -> None:
        fresh = self.senses.sync.oldest_stamp() >= self._fresh_ns
        if self.machine.acting and (fresh or self._taken):
            self._tick(self.now_ns())

    def _tick(self, now_ns: int) -> None:
        seen = self.senses.sync.observe(now_ns)
        if isinstance(seen, Missing):
            self._miss(seen)
            return
        self._last_tick_ns, self._gap = now_ns, 0
        outcome = self.machine.outcome(self.senses.take_outcome())
        if episode_over(outcome, self._taken, self.config.episode_steps):
            self.steps.observe(seen, outcome, None, self.chooser.version)
            self.steps.end()
            self._end()
        else:
            self._act(seen, outcome)
        self._send_steps()

    def _act(self, seen: Observation, outcome: Outcome) -> None:
        self._proposed = self.chooser.choose(seen)
        self.steps.observe(seen, outcome, self._proposed, self.chooser.version)
        self._taken += 1
        self._send_action()

    def _send_action(self) -> None:
        """Announce the tick to teleoperation, and send what the network proposed."""
        stamp_ns, frame = self._last_tick_ns, "first" if self._taken == 1 else ""
        self._tick_pub.publish(Header(stamp=convert.time_to_msg(stamp_ns), frame_id=frame))
        if self._proposed is not None:
            names = self.spec.action.names
            self._action.publish(convert.vector_to_msg(names, self._proposed, stamp_ns, Source.POLICY.name))

    def _miss(self, missing: Missing) -> None:
        self._gap += 1
        self.get_logger().warning(str(missing), throttle_duration_sec=2.0)
        if self._gap > MAX_GAP and self._taken:
            self._cut(str(missing))

    def _cut(self, reason: str) -> None:
        self.get_logger().warning(f"episode {self.steps.episode} truncated: {reason}")
        self.steps.cut()
        self._end()
        self._send_steps()

    def _end(self) -> None:
        """No further action: the steps on their way are waited for."""
        self.machine.take(Event.END)
        self._since = time.monotonic()

    def _abandon(self) -> None:
        if not self._in_episode and self.machine.state not in (State.RESETTING, State.READY):
            return
        if self._in_episode and self.config.review:
            self._forget()
        self.steps.abandon()
        self._in_episode = False
        self.machine.take(Event.END if self.machine.acting else Event.GIVE_UP)
        self.conductor.stop()

    def _send_steps(self) -> None:
        if self.machine.acting and self.stream.full:
            self._cut(f"the last {self.stream.unwritten} steps are not on disk")
        records = self.steps.take()
        for record in records:
            self.tally.add(Source(int(record["source"])), float(record["reward"]), bool(record["success"]))
        self.stream.send(records)
        if self._in_episode and not self.steps.open:
            self._close_episode()

    def _close_episode(self) -> None:
        self._in_episode = False
        self.guide.over(f"{'success' if self.tally.success else 'no success'}, {self._taken} steps")
        self.guide.settle(self._keep, self._forget)
        if not self.machine.held:
            self.conductor.stop()
        self._attend()

    def _keep(self) -> None:
        self.stream.release()
        tally = self.tally.end(self._taken)
        result = (tally.length, tally.total, tally.success, self.chooser.version, tally.interventions)
        values = (self.steps.episode, *result)
        self._episode.publish(convert.vector_to_msg(EPISODE_NAMES, values, self.now_ns()))

    def _forget(self) -> None:
        self.stream.drop()
        self.steps.forget()

    def _attend(self) -> None:
        """What no message triggers: the next episode, time-outs, and the end."""
        waited = time.monotonic() - self._since
        if self._leaving:
            self._stay(waited)
        elif self._in_episode:
            if self.steps.ended and waited > CLOSE_S:
                self.steps.cut()
                self._send_steps()
        elif self.tally.done:
            self.machine.wait("all episodes are done")
            if self.stream.settled:
                self.finish(0)
        elif self.machine.state is State.IDLE:
            self._next_episode()
        self.conductor.attend()
        self.desk.show(self.steps.episode, self.conductor.countdown)

    def _next_episode(self) -> None:
        ready = self.chooser.refusal or self.stream.refusal or self.conductor.refusal or self._unseen()
        self.machine.wait(ready or self.guide.refusal)
        if not self.machine.why:
            self.conductor.reset()

    def _unseen(self) -> str:
        """Which source is silent, or '': the arm is not moved home before all are heard. Lockstep waits anyway."""
        missing = None if self.config.lockstep else self.senses.sync.missing(self.now_ns())
        return str(missing or "")

    def _stay(self, waited: float) -> None:
        self.machine.wait(self.stream.farewell(self.config.linger_s, waited > SAY_S))

    def _report(self) -> Report:
        counts = {f"{source} {absence.name}": n for (source, absence), n in self.senses.sync.counts.items()}
        values: dict[str, object] = {"state": self.machine.state.name, "episode": self.steps.episode}
        values |= {"seq": self.steps.seq, "unwritten": self.stream.unwritten, "waiting_for": self.machine.why}
        values |= {"policy_version": self.chooser.version, **counts, **self.senses.vitals(self.now_ns()).values()}
        return (WARN if counts or self.machine.why else OK), self.machine.sentence, values

    def leave(self) -> None:
        """Drop the running episode; then stay while its steps are not on disk: the stream's history ends with us."""
        self._abandon()
        self.guide.settle(self._keep, self._forget, last=True)
        self._leaving, self._since = True, time.monotonic()

    @property
    def left(self) -> bool:
        """True once all steps are on disk, or nobody came to write them."""
        return self.stream.settled or time.monotonic() - self._since > self.config.linger_s

    def close(self) -> None:
        """Say what is lost."""
        self.stream.close()


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(PolicyNode, args)


if __name__ == "__main__":
    sys.exit(main())
