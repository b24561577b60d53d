"""Batches drawn ahead on a thread of their own, while the learner computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Protocol, TypeVar

import numpy as np

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.replay.batch import Batch, BatchRing

T = TypeVar("T")
DRAWN = ("indices", "pool", "weight")
"""Arrays of a batch that decide, with the store, all others."""


class BatchSource(Protocol):
    """What batches are drawn from: a UniformSampler, PrioritisedSampler or MixedSampler; methods as theirs."""

    @property
    def steps(self) -> int: ...

    def refresh(self) -> None: ...

    def allocate(self, size: int) -> Batch: ...

    def fill(self, batch: Batch) -> None: ...

    def recall(self, batch: Batch) -> bool: ...

    def update(self, batch: Mapping[str, np.ndarray], td_errors: np.ndarray) -> None: ...

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: Mapping[str, Any]) -> None: ...


class Prefetcher:
    """Keeps the next `depth` batches of a sampler ready, in preallocated arrays.

    From its first use until `close`, one thread alone uses the sampler and its readers; it refreshes before each draw.
    It does what it is asked in the order of the calls, so batches depend on calls and stored rows, never on timing:
    an `update` counts for all draws but the `depth` that were asked for before it. Its methods are for one caller.
    """

    def __init__(self, sampler: BatchSource, size: int, depth: int) -> None:
        """Draw batches of `size` transitions from `sampler`, `depth` (at least 1) ahead, from the first `sample` on."""
        if depth < 1:
            raise UsageError(f"depth is {depth}: give the number of batches to draw ahead, or use the sampler itself.")
        self._sampler, self._size, self._depth = sampler, size, depth
        # One batch in use and `depth` drawn or being drawn.
        self._ring = BatchRing(depth + 1, sampler.allocate)
        self._asked: deque[Future[Batch | None]] = deque()
        self._owed: deque[dict[str, np.ndarray]] = deque()
        self._thread: ThreadPoolExecutor | None = None
        self._refreshing: Future[None] | None = None
        self._failure: BaseException | None = None
        self._steps = sampler.steps

    @property
    def steps(self) -> int:
        """Number of (online) transitions as of the last refresh; any thread may ask."""
        return self._steps

    def sample(self, batch: int) -> Batch:
        """The next batch, valid until the next call; RobotRLError, with its cause, once the thread has failed."""
        if batch != self._size:
            raise UsageError(f"a batch of {batch} was asked for, {self._size} are drawn ahead: ask for that many.")
        while len(self._asked) <= self._depth:
            self._asked.append(self._ask(self._draw))
        drawn = self._asked.popleft()
        wait([drawn])
        self._check()
        result = drawn.result()
        assert result is not None
        return result

    def refresh(self) -> None:
        """Have new rows taken in (`steps` tells), without waiting; RobotRLError once the thread has failed."""
        self._check()
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = self._ask(self._refresh)

    def update(self, batch: Mapping[str, np.ndarray], td_errors: np.ndarray) -> None:
        """Hand the TD errors (B,) of the batch in use to the sampler, in time for the next draw asked for."""
        self._check()
        self._ask(self._sampler.update, batch, np.array(td_errors))

    def state(self) -> dict[str, Any]:
        """The sampler's state after all draws asked for, and `ready`, the draws not handed out yet: see `restore`.

        Also after a failure or `close`.
        """
        return self._wait_for(self._state)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state`, of a sampler without prefetch too: hand out what was ready, then draw on.

        What was drawn ahead until now is dropped. A draw whose rows are gone from the store is made anew.
        """
        self._wait_for(lambda: self._restore(state))

    def close(self) -> None:
        """End the thread once it has done what it was asked; a later `sample` starts another."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _ask(self, work: Callable[..., T], *arguments: Any) -> Future[T | None]:
        """Have `work` done after all that was asked before; after a failure nothing more is done."""

        def guarded() -> T | None:
            if self._failure is not None:
                return None
            try:
                return work(*arguments)
            except BaseException as error:
                self._failure = error
                raise

        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "prefetch")
        return self._thread.submit(guarded)

    def _wait_for(self, work: Callable[[], T]) -> T:
        """Result of `work` after all that was asked before, failed or not."""
        return work() if self._thread is None else self._thread.submit(work).result()

    def _check(self) -> None:
        if self._failure is not None:
            raise RobotRLError(f"drawing batches ahead failed: {self._failure}") from self._failure

    def _refresh(self) -> None:
        self._sampler.refresh()
        self._steps = self._sampler.steps

    def _draw(self) -> Batch:
        self._refresh()
        batch = self._ring.next(self._size)
        while self._owed:
            drawn = self._owed.popleft()
            for name in DRAWN:
                batch[name][:] = drawn[name]
            if self._sampler.recall(batch):
                return batch
        self._sampler.fill(batch)
        return batch

    def _state(self) -> dict[str, Any]:
        done = [asked.result() for asked in self._asked if asked.exception() is None]
        ready: list[Mapping[str, np.ndarray]] = [*(batch for batch in done if batch is not None), *self._owed]
        return self._sampler.state() | {"ready": {name: [batch[name].copy() for batch in ready] for name in DRAWN}}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._sampler.restore(state)
        self._asked.clear()
        ready = state.get("ready", dict.fromkeys(DRAWN, ()))
        batches = [dict(zip(DRAWN, arrays, strict=True)) for arrays in zip(*(ready[n] for n in DRAWN), strict=True)]
        self._owed = deque(batch for batch in batches if len(batch["indices"]) == self._size)
