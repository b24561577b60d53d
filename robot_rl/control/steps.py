"""Step assembly: observations, executed actions and outcomes into RLDS records, in order, none twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_rl.core.observation import Observation
from robot_rl.core.outcome import Outcome
from robot_rl.core.record import Source, StepSpec


@dataclass
class _Tick:
    """One observation of the running episode and what is known so far of the action taken from it."""

    observation: Observation
    proposed: np.ndarray
    version: int
    outcome: Outcome
    executed: np.ndarray | None = None
    source: Source = Source.POLICY
    latency: float = 0.0


class StepAssembler:
    """Builds the records of one episode after another.

    A record leaves (`take`) once its executed action is known and the next observation has been judged; the last
    observation leaves as a record of its own. The executed action enters, never the proposed one.
    """

    def __init__(self, spec: StepSpec, run_id: int) -> None:
        self.spec, self.run_id = spec, run_id
        self.episode, self.seq = -1, 0
        self._ticks: list[_Tick] = []
        self._index = 0
        self._first_seq = 0
        self._ended = True
        self._terminal = False

    @property
    def open(self) -> bool:
        """True between `begin` and the departure of the episode's last record."""
        return not self._ended or bool(self._ticks)

    @property
    def ended(self) -> bool:
        """True once the newest observation is known to be the episode's last."""
        return self._ended

    def begin(self) -> None:
        """Start the next episode; records of the last one must have been taken."""
        if self.open:
            raise RuntimeError("the last episode's records have not all been taken: call end and take first")
        self.episode, self._index, self._ended, self._terminal = self.episode + 1, 0, False, False
        self._first_seq = self.seq

    def observe(self, observation: Observation, outcome: Outcome, proposed: np.ndarray | None, version: int) -> None:
        """Add an observation, its outcome and the action (A,) proposed from it (None where a person will act)."""
        if proposed is None:
            proposed = np.full(self.spec.action.size, np.nan, np.float32)
        self._ticks.append(_Tick(observation, proposed, version, outcome))

    def execute(self, stamp_ns: int, action: np.ndarray, source: Source, latency: float) -> bool:
        """Tell what was executed (A,) for the observation of `stamp_ns`; false where that is not awaited.

        A person's action in place of a proposed one is an intervention.
        """
        for tick in self._ticks:
            if tick.observation.stamp_ns == stamp_ns and tick.executed is None:
                tick.executed, tick.source, tick.latency = self.spec.action.check(action), source, latency
                if np.isnan(tick.proposed).any():
                    tick.proposed = tick.executed
                elif source.is_prior:
                    tick.source = Source.INTERVENTION
                return True
        return False

    def end(self) -> None:
        """The newest observation is the episode's last; it is terminal where its outcome says so."""
        self._ended = True
        self._terminal = bool(self._ticks) and self._ticks[-1].outcome.terminated

    def cut(self) -> None:
        """End the episode as truncated at the first observation whose executed action never became known."""
        known = next((i for i, tick in enumerate(self._ticks) if tick.executed is None), len(self._ticks) - 1)
        del self._ticks[known + 1 :]
        self._ended, self._terminal = True, False

    def abandon(self) -> None:
        """Leave the running episode as it is: what was taken stays without a last observation, the rest is dropped."""
        self._ticks.clear()
        self._ended = True

    def forget(self) -> None:
        """The last episode never was: its numbers are given again. None of its records may have been sent."""
        self.abandon()
        self.episode, self.seq = self.episode - 1, self._first_seq

    def take(self) -> list[np.ndarray]:
        """Return the records (shape ()) that have become complete, oldest first."""
        records = []
        while len(self._ticks) > 1 and self._ticks[0].executed is not None:
            tick = self._ticks.pop(0)
            records.append(self._record(tick, reward=self._ticks[0].outcome.reward))
        if self._ended and len(self._ticks) == 1:
            records.append(self._last_record(self._ticks.pop()))
        return records

    def _record(self, tick: _Tick, reward: float) -> np.ndarray:
        record, observation = self.spec.empty(), tick.observation
        record["seq"], record["run_id"] = self.seq, self.run_id
        record["episode"], record["index"] = self.episode, self._index
        record["stamp_ns"], record["policy_version"] = observation.stamp_ns, tick.version
        record["source"], record["is_first"] = int(tick.source), self._index == 0
        record["success"], record["reward"] = tick.outcome.success, reward
        record["latency"], record["age"] = tick.latency, observation.ages
        record["proprio"] = observation.proprio
        for camera, image in observation.images.items():
            record[f"image_{camera}"] = image
        if tick.executed is not None:
            record["action"], record["proposed"] = tick.executed, tick.proposed
        self.seq, self._index = self.seq + 1, self._index + 1
        return record

    def _last_record(self, tick: _Tick) -> np.ndarray:
        tick.executed, tick.latency = None, 0.0
        record = self._record(tick, reward=0.0)
        record["is_last"], record["is_terminal"] = True, self._terminal
        return record
