"""Exit codes that commands and nodes have in common, beside 0 for done and 1 for failed."""

from __future__ import annotations

USAGE = 2
"""The request was wrong."""
INTERRUPTED = 130
"""A person ended it before it was done, as shells have it."""
OF_SIGNALLED = "ROBOT_RL_SIGNALLED"
"""Environment variable: exit code of a node that a signal has ended in order. Without it that is 0, a clean end as
ROS 2 has it; who has to tell it from a job that is done asks for INTERRUPTED."""
TELL_APART = {OF_SIGNALLED: str(INTERRUPTED)}
"""What to add to a node's environment for that."""
