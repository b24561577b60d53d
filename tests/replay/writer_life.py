"""A writer as a zygote's child (tests/zygote.py): steps from where the store ends, each commit acknowledged."""

import os

from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter


def life(path: str, group: int) -> int:
    """Append steps for ever, `group` to a commit; after each commit print the number of rows that count."""
    spec = synthetic_spec()
    writer = ReplayWriter.open(path, spec, {"task": "reach"}, chunk_rows=(8, 32))
    seq = writer.last_seq(1) + 1
    while True:
        for _ in range(group):
            episode, index = divmod(seq, 10)
            writer.append(synthetic_episode(spec, 10, first_seq=10 * episode, episode=episode)[index])
            seq += 1
        os.write(1, b"%d\n" % writer.commit())
