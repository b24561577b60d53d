"""`robot-rl reward train | check | relabel`: rewards learned from images, and rewards of stores computed anew."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_rl.cli.replay_exchange import progress_bar
from robot_rl.config.loader import load, to_plain
from robot_rl.config.param import info_of
from robot_rl.config.rewards import BoundConfig, ClassifierConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.reward_figures import Figures
from robot_rl.replay.reader import ReplayReader
from robot_rl.rewards.figures import choose_threshold, measure
from robot_rl.rewards.labels import FrameSet, label, select
from robot_rl.rewards.relabel import Judge, ScoreJudge, SimulatorJudge, relabel_store

if TYPE_CHECKING:
    from robot_rl.learning.reward_classifier import ClassifierMeta

    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

BOUND = tuple(field.name for field in dataclasses.fields(BoundConfig))
TRAINING = tuple(field.name for field in dataclasses.fields(ClassifierConfig) if field.name != "bound")


def add_parser(subparsers: SubParsers) -> None:
    """Add `reward` and its commands to the command line."""
    parser = subparsers.add_parser("reward", help="train, check and apply image rewards", description=__doc__)
    commands = parser.add_subparsers(dest="reward_command", required=True, metavar="COMMAND")
    text = "train a classifier of success on recorded episodes; nothing is written where it misses its bound"
    train = _command(commands, "train", text, _train)
    train.add_argument("stores", metavar="STORE", nargs="+", help="replay stores with successes and failures")
    train.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write (.safetensors)")
    train.add_argument("--cameras", help="cameras that are looked at, comma-separated (default: all)")
    _add_config(train, ClassifierConfig, TRAINING)
    text = "figures of a classifier on stores that it was not trained on; exit code 1 if it misses its bound there"
    check = _command(commands, "check", text, _check)
    check.add_argument("file", metavar="FILE", type=Path, help="classifier, as `reward train` wrote it")
    check.add_argument("stores", metavar="STORE", nargs="+", help="replay stores")
    _add_config(check, ClassifierConfig, ("last", "margin"))
    for command in (train, check):
        command.add_argument("--failures", nargs="+", default=[], metavar="STORE", help="stores without any success")
    text = "write a store with the reward of another judge into a new one; the old one stays as it is"
    relabel = _command(commands, "relabel", text, _relabel)
    relabel.add_argument("store", metavar="STORE", help="replay store to read")
    relabel.add_argument("--out", type=Path, required=True, metavar="NEW.zarr", help="replay store to write")
    relabel.add_argument("--reward", required=True, help="a classifier's file, or 'simulator' (needs sim_state)")
    for command in (train, check, relabel):
        _add_config(command, BoundConfig, BOUND)


def _command(commands: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    command.set_defaults(handler=run)
    return command


def _add_config(parser: argparse.ArgumentParser, cls: type, names: Sequence[str]) -> None:
    for field in (field for field in dataclasses.fields(cls) if field.name in names):
        text = f"{info_of(field).description} (default: {field.default})".replace("%", "%%")
        parser.add_argument("--" + field.name.replace("_", "-"), type=type(field.default), help=text, metavar="N")


def _given(args: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(args, name, None)) is not None}


def _train(args: argparse.Namespace) -> int:
    import torch  # not for the other commands

    from robot_rl.learning.reward_classifier import ClassifierMeta, RewardClassifier, save_classifier
    from robot_rl.learning.reward_training import scores_of, train_networks

    torch.set_num_threads(1)
    config = load(ClassifierConfig, {**_given(args, TRAINING), "bound": _given(args, BOUND)}, "reward train")
    readers, failures = [ReplayReader(path) for path in args.stores], [ReplayReader(path) for path in args.failures]
    cameras = args.cameras.split(",") if args.cameras else readers[0].spec.observation.cameras
    train, held_out = select(readers, failures, cameras, config)
    with progress_bar("training") as update:
        networks = train_networks(train, config, update)
    scores = scores_of(networks, held_out)
    threshold = choose_threshold(scores[held_out.clear], held_out.labels[held_out.clear], config.precision)
    height, width, _ = readers[0].spec.observation.image_shape
    meta = ClassifierMeta(
        task=readers[0].meta.get("task", ""),
        cameras=tuple(cameras),
        image_height=height,
        image_width=width,
        threshold=threshold,
        frames=config.frames,
        members=config.members,
        figures=measure(held_out, scores, threshold, config.frames),
        stores=tuple(str(reader.path.absolute()) for reader in (*readers, *failures)),
    )
    _tell(args, meta, meta.figures, config.bound)
    save_classifier(args.out, RewardClassifier(meta, networks), config.bound)
    return 0


def _check(args: argparse.Namespace) -> int:
    from robot_rl.learning.reward_classifier import load_classifier
    from robot_rl.learning.reward_training import scores_of

    classifier = load_classifier(args.file)
    meta, bound = classifier.meta, load(BoundConfig, _given(args, BOUND), "reward check")
    config = load(ClassifierConfig, _given(args, ("last", "margin")), "reward check")
    readers = [ReplayReader(path) for path in (*args.stores, *args.failures)]
    for reader in readers:
        _require_fit(meta, reader)
    episodes = label(readers, config.last, config.margin, range(len(args.stores), len(readers)))
    frames = FrameSet(readers, episodes, meta.cameras)
    figures = measure(frames, scores_of(classifier.networks, frames), meta.threshold, meta.frames)
    _tell(args, meta, figures, bound)
    shortcoming = bound.shortcoming(figures)
    if shortcoming:
        raise RobotRLError(f"'{args.file}' is not good enough on these episodes: {shortcoming}.")
    return 0


def _require_fit(meta: ClassifierMeta, reader: ReplayReader) -> None:
    from robot_rl.learning.reward_classifier import require_fit

    seen = reader.spec.observation
    require_fit(meta, reader.meta.get("task", ""), seen.cameras, seen.image_shape, f"'{reader.path}'")


def _tell(args: argparse.Namespace, meta: ClassifierMeta, figures: Figures, bound: BoundConfig) -> None:
    plain = to_plain(figures)
    for name, value in plain.items():
        print(f"{name:22} {value}")
    print(f"{'threshold':22} {meta.threshold:.4f} in {meta.frames} observations in a row")
    if args.json:
        about: Mapping[str, Any] = {"task": meta.task, "cameras": list(meta.cameras), "threshold": meta.threshold}
        print(json.dumps({**about, "frames": meta.frames, **plain, "refused": bound.shortcoming(figures)}))


def _relabel(args: argparse.Namespace) -> int:
    reader = ReplayReader(args.store)
    judge: Judge
    if args.reward == "simulator":
        judge, mark = SimulatorJudge(reader), "simulator"
    else:
        from robot_rl.learning.reward_classifier import load_classifier, require

        classifier = load_classifier(Path(args.reward))
        meta = classifier.meta
        require(meta, load(BoundConfig, _given(args, BOUND), "reward relabel"), f"'{args.reward}'")
        _require_fit(meta, reader)
        judge = ScoreJudge(classifier.scores, meta.cameras, meta.threshold, meta.frames)
        mark = str(Path(args.reward).absolute())
    with progress_bar("episodes") as update:
        done = relabel_store(reader, args.out, judge, mark, update)
    print(
        f"'{args.out}': {done.rows} of {done.rows_before} rows, {done.successes} successes in {done.episodes} episodes "
        f"({done.successes_before} before)"
    )
    if args.json:
        print(json.dumps({"store": str(args.out), **dataclasses.asdict(done)}))
    return 0
