"""Real-time priority that a block takes is taken back; what was there before stays."""

import os
import threading

from robot_rl.core.scheduling import without_real_time


def may_have_real_time() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


def test_what_the_block_took_is_taken_back() -> None:
    if not may_have_real_time():
        with without_real_time():
            assert os.sched_getscheduler(0) == os.SCHED_OTHER
        return
    over = threading.Event()
    thread = threading.Thread(target=over.wait)  # inherits it
    with without_real_time():
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        thread.start()
    try:
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        assert os.sched_getscheduler(thread.native_id) == os.SCHED_OTHER
    finally:
        over.set()
        thread.join(10.0)
