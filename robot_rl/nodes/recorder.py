"""Writes the step stream into a replay store; what demonstrations and evaluations are recorded with."""

from __future__ import annotations

import sys
from typing import Any

from robot_rl.config.nodes import RecorderNodeConfig
from robot_rl.core.errors import UsageError
from robot_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Report
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.nodes.sink import StepSink
from robot_rl.replay.writer import ReplayWriter
from robot_rl.robot.spec import load_robot, step_spec


class RecorderNode(GraphNode):
    """A StepSink around one store."""

    def __init__(self) -> None:
        super().__init__("recorder")
        self.config = config = self.configure(RecorderNodeConfig)
        if not config.store:
            raise UsageError("parameter 'store' of node 'recorder' is '': give the path of the store to write.")
        spec = step_spec(config, load_robot(config.robot))
        meta = {"task": config.task, "robot": config.robot}
        self._writer = ReplayWriter.open(config.store, spec, meta, fsync=config.fsync)
        self._sink = StepSink(self, spec, self._writer)
        Diagnostics(self, "steps", config.store, self._report)

    def _report(self) -> Report:
        sink = self._sink
        level = ERROR if sink.trouble else WARN if sink.gaps else OK
        return level, sink.trouble or f"{self._writer.committed} steps", sink.counts()

    def leave(self) -> None:
        """Take in what is on its way."""
        self._sink.leave(ending=False)

    @property
    def left(self) -> bool:
        """True once the step stream is quiet."""
        return self._sink.left

    def close(self) -> None:
        """Commit and release the store."""
        self._sink.close()


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(RecorderNode, args)


if __name__ == "__main__":
    sys.exit(main())
