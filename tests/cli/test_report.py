"""The report of whole, empty, damaged and half-written runs."""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from robot_rl.cli import report
from robot_rl.cli.filmstrip import BAR, GAP, PERSON, film_strip
from robot_rl.cli.report_data import load_run
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import UsageError
from robot_rl.core.record import Source
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

SPEC = synthetic_spec(16)
ALARM_HEAD = "wall_s,env_steps,updates,alarm,text,advice\n"
OUTCOMES = [k % 3 == 2 for k in range(30)]


def write_store(path: Path, outcomes: list[bool], source: Source = Source.POLICY, run_id: int = 1) -> None:
    """Episodes of 5 transitions, successful or not."""
    with ReplayWriter.open(path, SPEC, {"task": "reach", "robot": "fr3_sim"}) as writer:
        for k, success in enumerate(outcomes):
            options = {"first_seq": 6 * k, "episode": k, "run_id": run_id}
            writer.append(synthetic_episode(SPEC, 6, terminal=success, source=source, **options))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with everything in it; evaluated twice, six episodes each."""
    path = tmp_path / "cube"
    RunDir(path).record({"task": "reach", "robot": "fr3_sim"}, "learn", {"nodes": {}})
    write_store(path / "replay.zarr", OUTCOMES)
    write_store(path / "demos.zarr", [True] * 4, Source.SCRIPTED)
    write_store(path / "eval.zarr", [False] * 6)
    write_store(path / "eval.zarr", [True] * 5 + [False], run_id=2)
    (path / "eval.json").write_text(json.dumps({"task": "reach", "episodes": 6, "successes": 5, "env_steps": 150}))
    (path / "result.json").write_text(json.dumps({"train_wall_s": 194.6, "updates": 4321, "policy_version": 7}))
    (path / "safety.json").write_text(json.dumps({"counts": {"CLIPPED": 3, "STALE_COMMAND": 0}}))
    (path / "alarms.csv").write_text(f"{ALARM_HEAD}125.4,150,1234,Q_HIGH,Q reaches 9,lower utd\n")
    (path / "metrics.csv").write_text(
        "wall_s,env_steps,q_mean,critic_loss\n10,50,0.1,1\n20,100,,0.5\n30,150,0.4,0.2\n31"
    )
    return path


def text_of(path: Path) -> str:
    return report.write_report(path).read_text()


def test_shows_the_run(run: Path) -> None:
    page = text_of(run)
    for expected in ("<h1>cube</h1>", "83 %", "5 of 6 episodes", "43.6 to 97.0 %", "3 min 15 s", "4,321"):
        assert expected in page
    for section in ("Learning curve", "Episodes", "Training", "Safety events", "Timing", "Configuration"):
        assert f"<h2>{section}</h2>" in page
    assert re.findall(r"<strong>([A-Z][^<]*)</strong>", page) == [
        "Demonstration",
        "First training episode",
        "Last training episode",
        "Evaluation, success",
        "Evaluation, failure",
    ]
    assert "the command left [-1, 1] and was clipped" in page
    assert "STALE_COMMAND" not in page
    assert "<p class=none>Nobody intervened" in page and page.count("class=none") == 1, "no other part is missing"
    assert page.count("Control period") == 1 and "The last 150 steps of training" in page


def test_needs_no_other_file(run: Path) -> None:
    """Images and charts are inside, nothing is loaded, nothing is executed."""
    page = text_of(run)
    assert page.count('src="data:image/png;base64,') == 5
    assert page.count("<svg") >= 6
    assert not re.search(r"""(src|href)=["']?(http|//|/|\.)|<script|<link|@import|url\(["']?http""", page)


def test_learning_curve_is_the_mean_of_the_last_twenty(run: Path) -> None:
    curve = load_run(run).curve()
    assert curve.steps.tolist() == [5 * (k + 1) for k in range(30)]
    assert curve.success.tolist() == OUTCOMES
    expected = [np.mean(OUTCOMES[max(k - 19, 0) : k + 1]) for k in range(30)]
    np.testing.assert_allclose(curve.rolling, expected)
    assert curve.minutes[-1] == 0.5 and not curve.interventions.any()


def test_interventions_are_drawn_and_their_episodes_are_no_success(run: Path) -> None:
    with ReplayWriter.open(run / "replay.zarr", SPEC, {"task": "reach", "robot": "fr3_sim"}) as writer:
        for k in range(2):
            records = synthetic_episode(SPEC, 6, terminal=True, first_seq=180 + 6 * k, episode=30 + k)
            records["source"][1:4] = Source.POLICY if k else Source.INTERVENTION
            writer.append(records)
    curve = load_run(run).curve()
    assert curve.success[-2:].tolist() == [0, 1]
    np.testing.assert_allclose(curve.interventions[-2:], [0.6, 0])
    np.testing.assert_allclose(curve.rolling_interventions[-1], 3 / 100)
    page = text_of(run)
    assert "A person acted in 3 of 160 steps (1.9 %), in 1 of 32 episodes" in page
    assert "<strong>Most intervention</strong>" in page and page.count("purple: a person acts") == 1
    assert (curve.interval[0] <= curve.rolling).all() and (curve.rolling <= curve.interval[1]).all()


@pytest.mark.parametrize(
    ("source", "said"),
    [("data/lift.safetensors", "the classifier lift.safetensors"), ("human", "a person"), ("simulator", "")],
)
def test_who_judged_the_training_episodes_is_said(run: Path, source: str, said: str) -> None:
    RunDir(run).record({"task": "reach", "robot": "fr3_sim"}, "learn", {"nodes": {"reward": {"source": source}}})
    sentence = re.search("Success of training episodes is what (.*) said", text_of(run))
    assert (sentence[1] if sentence else "") == said


def test_evaluation_is_the_last_one(run: Path) -> None:
    data = load_run(run)
    assert data.evaluated is not None
    assert [episode.success for episode in data.evaluated.episodes] == [True] * 5 + [False]
    (run / "eval.json").unlink()
    assert load_run(run).evaluation["successes"] == 5, "of all episodes, where nothing says how many were the last"


def test_metrics_are_read_as_far_as_they_go(run: Path) -> None:
    metrics = load_run(run).metrics
    assert set(metrics) == {"wall_s", "env_steps", "q_mean", "critic_loss"}
    np.testing.assert_array_equal(metrics["q_mean"], [0.1, np.nan, 0.4, np.nan])


def test_alarms_of_the_learner_have_a_section(run: Path) -> None:
    assert "<td>2:05 min</td><td>1234</td><td>Q_HIGH</td><td>Q reaches 9: lower utd</td>" in text_of(run)
    rows = "".join(f'{125 + k}.0,{k},{1000 + k},Q_HIGH,"Q reaches 9, <b>",lower utd\n' for k in range(60))
    (run / "alarms.csv").write_text(f"{ALARM_HEAD}{rows}3")
    page = text_of(run)
    assert "<td>3:04 min</td><td>1059</td><td>Q_HIGH</td><td>Q reaches 9, &lt;b&gt;: lower utd</td>" in page
    assert "The first 10 of 60 are left out." in page


def test_demonstrations_given_to_the_learner(run: Path, tmp_path: Path) -> None:
    write_store(tmp_path / "more.zarr", [True] * 2, Source.HUMAN)
    nodes = {"nodes": {"learner": {"demos": [str(tmp_path / "more.zarr"), str(run / "demos.zarr")]}}}
    RunDir(run).record({}, "learn", nodes)
    assert [len(store.episodes) for store in load_run(run).demos] == [4, 2]


def test_an_empty_run_says_what_is_missing(tmp_path: Path) -> None:
    page = text_of(tmp_path)
    for expected in ("Not evaluated yet", "No training episode", "No metrics", "None was raised", "No configuration"):
        assert expected in page


def test_a_run_without_complete_episodes(tmp_path: Path) -> None:
    with ReplayWriter.open(tmp_path / "replay.zarr", SPEC, {}) as writer:
        writer.append(synthetic_episode(SPEC, 3, cut=True))
    assert "No training episode is complete yet." in text_of(tmp_path)
    (tmp_path / "metrics.csv").write_text("wall_s,env_steps\n")
    assert "No metrics were written yet." in text_of(tmp_path)


def test_damage_is_named_and_the_rest_is_shown(run: Path) -> None:
    (run / "replay.zarr" / "reward" / "c.0").unlink()
    (run / "safety.json").write_text("{")
    page = text_of(run)
    assert "reward/c.0&#x27; is missing" in page
    assert "safety.json&#x27; cannot be read as JSON" in page
    assert "5 of 6 episodes" in page


def test_a_torn_image_costs_its_film_strip_alone(run: Path) -> None:
    chunk = run / "demos.zarr" / "image_front" / "c.0.0.0.0"
    data = bytearray(chunk.read_bytes())
    data[16] ^= 1
    chunk.write_bytes(data)
    page = text_of(run)
    assert "<p>Demonstration: row 0 of" in page
    assert page.count("<figure><figcaption><strong>") == 4


def test_names_are_text_and_not_markup(tmp_path: Path) -> None:
    run = tmp_path / "<b>x"
    RunDir(run).record({"task": "<i>", "robot": "fr3"}, "learn", {})
    assert "<h1>&lt;b&gt;x</h1><p>&lt;i&gt; · fr3" in text_of(run)


def test_command(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    report.add_parser(parser.add_subparsers())
    args = parser.parse_args(["report", str(run), "--json"])
    assert args.run(args) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == str(run / "report.html")
    assert json.loads(out[-1]) == {"report": str(run / "report.html")}
    with pytest.raises(UsageError, match="does not exist"):
        report.write_report(run / "none")


def test_a_bar_marks_where_a_person_acted_and_nothing_else(run: Path) -> None:
    with ReplayWriter.open(run / "replay.zarr", SPEC, {"task": "reach", "robot": "fr3_sim"}) as writer:
        records = synthetic_episode(SPEC, 6, terminal=True, first_seq=180, episode=30)
        records["source"][1:4] = Source.INTERVENTION
        writer.append(records)
    reader = ReplayReader(run / "replay.zarr")
    plain, helped = (film_strip(reader, reader.episodes()[k], frames=6, size=16) for k in (0, -1))
    assert helped.shape[0] == plain.shape[0] + GAP + BAR
    marked = (helped[-1] == PERSON).all(axis=-1)
    assert [bool(marked[k * (16 + GAP)]) for k in range(6)] == [False, True, True, True, False, False]


def test_in_lockstep_ages_are_said_and_not_drawn(run: Path) -> None:
    with ReplayWriter.open(run / "still.zarr", SPEC, {}) as writer:
        records = synthetic_episode(SPEC, 6)
        records["age"] = 0.0
        writer.append(records)
    shutil.rmtree(run / "replay.zarr")
    (run / "still.zarr").rename(run / "replay.zarr")
    page = text_of(run)
    assert "in lockstep time stands still" in page and "Age, camera" not in page and "Control period" in page
