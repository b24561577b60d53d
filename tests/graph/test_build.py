"""The graphs that follow from arguments."""

from __future__ import annotations

import dataclasses

import pytest
import yaml

from robot_rl.config.loader import load
from robot_rl.core.errors import UsageError
from robot_rl.graph import GRAPHS, build
from robot_rl.graph.settings import SECTIONS

NODES = {
    "learn": ["sim", "safety", "reward", "proprio", "policy", "learner", "monitor"],
    "demo": ["sim", "safety", "reward", "proprio", "policy", "teleop", "recorder", "monitor"],
    "eval": ["sim", "safety", "reward", "proprio", "policy", "recorder", "monitor"],
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def make(tmp_path):
    """Build a graph whose files exist."""
    weights = tmp_path / "weights"
    weights.touch()

    def make(name, **given):
        return build(name, {**({"checkpoint": str(weights)} if name == "eval" else {}), **given})

    return make


@pytest.mark.parametrize("name", NODES)
def test_nodes_of_each_graph(make, name):
    assert [node.name for node in make(name).nodes] == NODES[name]


@pytest.mark.parametrize("name", NODES)
def test_without_sim_only_sim_is_missing_and_nothing_simulates_time(make, name):
    graph = make(name, sim="false")
    assert [node.name for node in graph.nodes] == NODES[name][1:]
    assert not any(node.parameters["use_sim_time"] for node in graph.nodes)
    assert graph.node("safety").parameters["lockstep"] is False
    assert graph.node("safety").parameters["task_reset_service"] == ""


@pytest.mark.parametrize("name", NODES)
def test_every_parameter_is_one_its_node_declares(make, name):
    for node in make(name).nodes:
        own = {key: value for key, value in node.parameters.items() if key != "use_sim_time"}
        load(SECTIONS[node.name], own)
        assert set(own) == {field.name for field in dataclasses.fields(SECTIONS[node.name])}


@pytest.mark.parametrize("name", NODES)
def test_the_robot_is_held_first_and_the_monitor_stays_longest(make, name):
    order = {node.name: node.stop_order for node in make(name).nodes}
    assert [node for node in order if order[node] == min(order.values())] == ["safety"]
    assert order["policy"] < order["reward"] < order["proprio"] < order["sim"] < order["monitor"]
    assert max(order, key=order.__getitem__) == "monitor"


@pytest.mark.parametrize(
    ("pace", "lockstep", "sim_time", "speed"),
    [("", True, True, 1.0), ("lockstep", True, True, 1.0), ("1", False, False, 1.0), ("4", False, True, 4.0)],
)
def test_pace(make, pace, lockstep, sim_time, speed):
    graph = make("demo", pace=pace)
    assert {node.parameters["use_sim_time"] for node in graph.nodes} == {sim_time}
    assert {n.parameters["lockstep"] for n in graph.nodes if n.name != "monitor"} == {lockstep}
    assert graph.node("sim").parameters["pace"] == speed


def test_job_done_ends_demo_and_eval_by_policy_and_learn_by_learner(make):
    assert make("demo").node("policy").on_exit == make("eval").node("policy").on_exit == "shutdown"
    assert make("learn").node("policy").on_exit == "restart"
    assert make("learn").node("learner").on_exit == "shutdown"
    assert all(make(name).node("safety").on_exit == "restart" for name in NODES)


def test_who_acts(make):
    assert [make(name).node("policy").parameters["act"] for name in NODES] == ["sample", "teleop", "mean"]


def test_a_supervisor_stands_beside_the_policy_and_is_listened_to(make):
    assert make("learn").node("safety").parameters["supervised"] is False
    graph = make("learn", supervisor="scripted", task="insert", seed="4")
    assert [node.name for node in graph.nodes] == [*NODES["learn"][:5], "teleop", *NODES["learn"][5:]]
    assert graph.node("safety").parameters["supervised"] is True
    teleop = graph.node("teleop").parameters
    assert (teleop["device"], teleop["role"], teleop["seed"]) == ("scripted", "intervene", 4)
    assert (teleop["supervisor"]["patience"], teleop["supervisor"]["trust"]) == (3, 3), "the task's"
    load(SECTIONS["teleop"], {key: value for key, value in teleop.items() if key != "use_sim_time"})
    assert "supervised" not in make("eval").arguments and not make("eval").node("safety").parameters["supervised"]


def test_arguments_reach_their_parameters(make, tmp_path):
    graph = make("learn", seed="5", budget_s="60", success_threshold="0.8", utd="3", task="lift", run="here/x")
    learner = graph.node("learner").parameters
    assert (learner["learner"]["seed"], learner["learner"]["budget_s"], learner["learner"]["utd"]) == (5, 60.0, 3.0)
    assert learner["learner"]["success_threshold"] == 0.8
    assert graph.node("sim").parameters["seed"] == graph.node("policy").parameters["seed"] == 5
    assert graph.node("reward").parameters["task"] == "lift"
    assert learner["run_dir"] == str(tmp_path / "here" / "x")
    assert graph.node("monitor").parameters["budget_s"] == 60.0


def test_own_demonstrations_are_used_where_they_are(make, tmp_path):
    assert make("learn", run="a").node("learner").parameters["demos"] == []
    (tmp_path / "runs" / "a" / "demos.zarr").mkdir(parents=True)
    assert make("learn", run="a").node("learner").parameters["demos"] == [str(tmp_path / "runs/a/demos.zarr")]
    with pytest.raises(UsageError, match="demos:=nowhere does not exist: give a replay store, a rosbag2 folder"):
        make("learn", demos="nowhere")


def test_config_file_overrides_defaults_and_arguments_override_it(make, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"policy": {"episodes": 3, "seed": 9}, "teleop": {"seed": 9}, "sim": {"seed": 9}}))
    assert make("demo", config=str(path)).node("policy").parameters["episodes"] == 3
    graph = make("demo", config=str(path), seed="0")
    assert graph.node("teleop").parameters["seed"] == graph.node("sim").parameters["seed"] == 0


def test_config_file_cannot_change_what_makes_the_graph(make, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"policy": {"act": "mean"}, "/**": {"lockstep": False}}))
    graph = make("demo", config=str(path))
    assert graph.node("policy").parameters["act"] == "teleop"
    assert graph.node("safety").parameters["lockstep"] is True


def test_domain_overrides_and_everything_else_yields_to_the_user(make):
    graph = make("demo", domain="7")
    variables = graph.variables(graph.node("sim"), {"ROS_DOMAIN_ID": "3", "OMP_NUM_THREADS": "9"})
    assert variables["ROS_DOMAIN_ID"] == "7"
    assert "OMP_NUM_THREADS" not in variables
    assert variables["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert variables["FASTRTPS_DEFAULT_PROFILES_FILE"].endswith("fastdds.xml")
    assert "ROS_DOMAIN_ID" not in make("demo").variables(graph.node("sim"), {})


def test_all_but_the_learner_run_on_one_thread(make):
    graph = make("learn")
    threads = {node.name: graph.variables(node, {}).get("OMP_NUM_THREADS") for node in graph.nodes}
    assert threads.pop("learner") is None
    assert set(threads.values()) == {"1"}


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("lern", {}, "unknown graph 'lern': did you mean 'learn'"),
        ("learn", {"tsk": "reach"}, "unknown argument 'tsk'.*did you mean 'task'"),
        ("learn", {"task": "raech"}, "unknown task 'raech': did you mean 'reach'"),
        ("learn", {"robot": "fr3_sin"}, "unknown robot 'fr3_sin': did you mean 'fr3_sim'"),
        ("learn", {"seed": "-1"}, "seed:=-1.*outside"),
        ("learn", {"pace": "0"}, "pace:=0 is not a valid pace"),
        ("learn", {"pace": "nan"}, "pace:=nan is not a valid pace"),
        ("learn", {"domain": "233"}, "domain:=233 is not a valid domain"),
        ("learn", {"sim": "false", "supervisor": "scripted"}, "supervisor:=scripted needs sim:=true"),
        ("learn", {"supervisor": "nobody"}, "unknown device 'nobody'"),
        ("learn", {"supervisor": "keyboard", "pace": "lockstep"}, "supervisor:=keyboard cannot keep up with pace"),
        ("demo", {"sim": "false", "pace": "2"}, "pace:=2.0 needs sim:=true"),
        ("demo", {"config": "nothere.yaml"}, "cannot read 'nothere.yaml'"),
        ("demo", {"run": ".."}, "run '..' is no name"),
        ("eval", {"checkpoint": "nothere"}, "no weights at .*nothere"),
    ],
)
def test_bad_requests_name_culprit_and_remedy(make, name, given, message):
    with pytest.raises(UsageError, match=message):
        make(name, **given)


def test_building_writes_nothing(make, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    for name in GRAPHS:
        make(name, run="fresh")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", NODES)
def test_every_argument_is_explained(name):
    for argument in GRAPHS[name].arguments:
        assert len(argument.description) > 10
        assert argument.default == "" or not argument.choices or argument.default in argument.choices


def test_a_task_may_bring_its_robot_and_an_argument_another(make):
    for given, robot in (({"task": "insert"}, "fr3_peg"), ({"task": "insert", "robot": "fr3_sim"}, "fr3_sim")):
        nodes = [node for node in make("learn", **given).nodes if node.name != "monitor"]
        assert {node.parameters["robot"] for node in nodes} == {robot}


def test_a_person_demonstrates_in_real_time_and_the_keyboard_gets_the_terminal(make):
    graph = make("demo", device="keyboard")
    assert graph.arguments["pace"] == 1.0 and graph.node("safety").parameters["lockstep"] is False
    assert graph.node("teleop").keys and graph.node("teleop").parameters["role"] == "demonstrate"
    assert not make("demo", device="gamepad").node("teleop").keys
    assert make("demo").arguments["pace"] == "lockstep" and not make("demo").node("teleop").keys
    with pytest.raises(UsageError, match="device:=keyboard cannot keep up with pace:=lockstep"):
        make("demo", device="keyboard", pace="lockstep")


def test_a_person_may_watch_the_policy_by_any_device(make):
    teleop = make("learn", supervisor="keyboard").node("teleop")
    assert teleop.keys and (teleop.parameters["role"], teleop.parameters["device"]) == ("intervene", "keyboard")
    assert make("learn", supervisor="keyboard").arguments["pace"] == 1.0
    assert "teleop" not in [node.name for node in make("learn", supervisor="external").nodes]


def test_an_external_device_is_a_node_that_the_graph_does_not_start(make):
    assert [node.name for node in make("demo", device="external").nodes] == [n for n in NODES["demo"] if n != "teleop"]


def test_a_device_may_be_a_file_and_an_unknown_one_is_refused(make, tmp_path):
    own = tmp_path / "mine.yaml"
    own.write_text("{driver: keyboard, axes: [{input: w, moves: dx}]}")
    assert make("demo", device=str(own)).node("teleop").keys
    own.write_text("{driver: joy}")
    with pytest.raises(UsageError, match="driver 'joy' hears a topic and none is given"):
        make("demo", device=str(own))
    with pytest.raises(UsageError, match="unknown device 'gampad': did you mean 'gamepad'"):
        make("demo", device="gampad")


@pytest.mark.parametrize("name", NODES)
def test_a_live_picture_is_one_more_node_where_it_is_asked_for(make, name, monkeypatch):
    pytest.importorskip("foxglove")
    graph = make(name, view="true")
    assert [node.name for node in graph.nodes] == [*NODES[name], "view"]
    assert graph.node("view").on_exit == "ignore" and graph.node("view").parameters["host"] == "127.0.0.1"
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    with pytest.raises(UsageError, match=r"view:=true needs foxglove-sdk: pip install -r requirements/viewer.txt"):
        make(name, view="true")
