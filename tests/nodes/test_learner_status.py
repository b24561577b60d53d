"""The message on `learner/status`, and what it means to one writer of steps."""

from robot_rl.control.backlog import Backlog
from robot_rl.nodes.learner_status import LearnerStatus, status_from_msg, status_to_msg

STATUS = LearnerStatus({1: 7, 0xFFFFFFFF: 3}, env_steps=10, updates=4, update_debt=2.0, waiting=5, ending=True)


def test_round_trip() -> None:
    assert status_from_msg(status_to_msg(STATUS, 5)) == STATUS
    assert status_from_msg(status_to_msg(LearnerStatus(), 5)) == LearnerStatus()


def test_each_writer_reads_its_own_number() -> None:
    assert STATUS.backlog(0xFFFFFFFF, None) == Backlog(3, 5, 2.0, True)
    assert STATUS.backlog(2, None).committed == 0


def test_what_was_on_disk_stays_there_for_a_learner_that_does_not_know_the_writer_yet() -> None:
    assert LearnerStatus().backlog(1, Backlog(committed=800)).committed == 800
    assert LearnerStatus({1: 3}).backlog(1, Backlog(committed=800)).committed == 800
    assert LearnerStatus({1: 900}).backlog(1, Backlog(committed=800)).committed == 900
