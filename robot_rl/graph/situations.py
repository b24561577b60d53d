"""Which simulated situations a graph meets: others than any other graph of the run met, or itself before."""

from __future__ import annotations

from pathlib import Path

from robot_rl.core.errors import RobotRLError

KINDS = ("eval", "demo", "learn")


def stream(graph: str, store: Path) -> int:
    """Number of the seed's sequence of situations for a `graph` that continues `store`.

    Evaluation has one sequence, so that two policies are judged by the same situations. Demonstrations and training go
    on with a new one by what the store already holds.
    """
    from robot_rl.replay.commit import commit_path, read_committed

    kind = KINDS.index(graph)
    if graph == "eval":
        return kind
    try:
        with commit_path(store).open("rb") as file:
            return kind + len(KINDS) * read_committed(file.fileno(), store)
    except (OSError, RobotRLError):
        return kind  # whoever writes the store says what is wrong with it
