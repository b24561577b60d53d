"""The supervisor: order of the stop, restarts, exit codes, logs and what a person sees."""

from __future__ import annotations

import os
import signal

ORDERED = {"learner": {"stop_order": 4}, "policy": {"stop_order": 1}, "safety": {"stop_order": 0}}


def test_interrupt_stops_in_order_and_gives_130(dummy_graph):
    graph = dummy_graph(**ORDERED).wait_started()
    graph.process.send_signal(signal.SIGINT)
    code, _ = graph.finish()
    assert code == 130
    stops = [line for line in graph.events() if "start" not in line]
    assert stops == [f"{name} {event}" for name in ("safety", "policy", "learner") for event in ("SIGINT", "end")]
    assert not graph.alive()


def test_termination_stops_in_order_and_gives_143(dummy_graph):
    graph = dummy_graph(**ORDERED).wait_started()
    graph.process.terminate()
    assert graph.finish()[0] == 143
    assert [line.split()[0] for line in graph.events() if line.endswith("end")] == ["safety", "policy", "learner"]


def test_a_finished_node_ends_the_graph_with_code_0(dummy_graph):
    graph = dummy_graph(policy={"do": "exit 0", "on_exit": "shutdown"}, safety={})
    assert graph.finish()[0] == 0
    assert not graph.alive()


def test_exit_0_of_a_node_that_should_run_is_a_crash(dummy_graph):
    graph = dummy_graph(sim={"do": "exit 0", "restarts": 1}, safety={})
    assert graph.finish()[0] == 1
    assert len([line for line in graph.events() if line.startswith("sim start")]) == 2


def test_crash_is_restarted_then_ends_the_graph(dummy_graph):
    graph = dummy_graph(policy={"do": "exit 3", "restarts": 2}, safety={})
    code, err = graph.finish()
    assert code == 1
    assert len([line for line in graph.events() if line.startswith("policy start")]) == 3
    assert "policy ended with exit code 3; restart 1 of 2 in 0.5 s" in err
    assert "3 times in a row" in err


def test_killed_node_is_restarted_and_the_others_go_on(dummy_graph):
    graph = dummy_graph(sim={}, safety={}).wait_started()
    other = graph.pid("safety")
    os.kill(graph.pid("sim"), signal.SIGKILL)
    graph.wait_started(3)
    assert other in graph.alive()
    graph.process.send_signal(signal.SIGINT)
    code, err = graph.finish()
    assert code == 130
    assert "sim was killed by signal 9" in err


def test_a_node_that_is_interrupted_alone_has_not_done_its_job(dummy_graph):
    graph = dummy_graph(policy={"on_exit": "shutdown", "restarts": 2}, safety={}).wait_started()
    os.kill(graph.pid("policy"), signal.SIGINT)
    graph.wait_started(3)
    graph.process.send_signal(signal.SIGINT)
    code, err = graph.finish()
    assert code == 130
    assert "policy ended with exit code 130; restart 1 of 2" in err


def test_usage_error_of_a_node_ends_the_graph_with_code_2_at_once(dummy_graph):
    graph = dummy_graph(learner={"do": "exit 2", "on_exit": "shutdown"}, safety={})
    code, err = graph.finish()
    assert code == 2
    assert len([line for line in graph.events() if line.startswith("learner start")]) == 1
    assert err.count("something is wrong") == 1


def test_node_that_may_be_missing_does_not_end_the_graph(dummy_graph):
    graph = dummy_graph(monitor={"do": "exit 5", "on_exit": "ignore", "restarts": 0}, safety={}).wait_started()
    graph.wait_for(lambda: graph.pid("monitor") not in graph.alive())
    assert graph.process.poll() is None
    graph.process.send_signal(signal.SIGINT)
    assert graph.finish()[0] == 130


def test_second_interrupt_hurries_a_deaf_node_to_its_end(dummy_graph):
    graph = dummy_graph(policy={"do": "deaf", "stop_timeout_s": 600.0}).wait_started()
    graph.process.send_signal(signal.SIGINT)
    assert "interrupt again to hurry" in graph.process.stderr.readline()
    graph.process.send_signal(signal.SIGINT)
    assert graph.finish()[0] == 130
    assert not graph.alive()


def test_processes_that_a_node_started_go_with_it(dummy_graph):
    graph = dummy_graph(policy={"do": "child"}).wait_started(2)
    graph.process.send_signal(signal.SIGINT)
    assert graph.finish()[0] == 130
    assert not graph.alive()


def test_logs_are_whole_and_only_warnings_reach_the_terminal(dummy_graph):
    graph = dummy_graph(policy={"do": "exit 0", "on_exit": "shutdown"})
    _, err = graph.finish()
    assert "policy | ERROR something is wrong" in err
    assert "something is wrong" in (graph.directory / "log" / "policy.log").read_text()
    assert (graph.directory / "log" / "params" / "policy.yaml").is_file()


def test_node_for_the_person_is_shown_as_it_is(dummy_graph):
    graph = dummy_graph(monitor={"do": "exit 0", "on_exit": "shutdown", "console": True})
    out, _ = graph.process.communicate(timeout=120)
    assert out == "[ERROR] [1.5] [x]: something is wrong\n"
