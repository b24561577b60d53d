"""rosbag2 bags, of step records or of any robot's own topics."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_rl.cli.replay_exchange import progress_bar
from robot_rl.config.loader import load
from robot_rl.config.nodes import RigConfig
from robot_rl.core.errors import UsageError

if TYPE_CHECKING:  # rosbags takes half a second to import
    from robot_rl.replay.bags.inlet import Imported

ROLES = {
    "joint_states": "JointState topic (default: the robot's)",
    "command": "topic that moved the robot: joint positions, a trajectory, a tcp pose or twist (default: the robot's)",
    "gripper": "topic of commanded gripper positions (default: the measured ones count)",
    "reward": "topic of rewards: JointState of reward, success, terminated, or a number",
    "success": "Bool topic that ends an episode in success",
    "episode": "topic that says when an episode runs: Bool, its number, or Empty at each beginning",
}
Report = Callable[[int, int], None]


def add_export_options(group: argparse._ArgumentGroup) -> None:
    """Options of `export`."""
    group.add_argument("--storage", choices=("mcap", "sqlite3"), help="storage (default: as OUT ends, else mcap)")
    group.add_argument("--topics", action="store_true", help="also write images, proprio, actions, rewards")


def add_import_options(group: argparse._ArgumentGroup) -> None:
    """Options of `import`."""
    group.add_argument("--topic", default="step", help="topic of step records (default: %(default)s, in any namespace)")
    group.add_argument("--topics", metavar="MAP.yaml", help="plain topics: `cameras: {NAME: TOPIC}` and the keys below")
    for role, text in ROLES.items():
        option = f"--{role.replace('_', '-')}-topic"
        group.add_argument(option, metavar="TOPIC", dest=role, help=text)
    group.add_argument("--success", action="store_true", dest="succeeded", help="every episode ended in success")
    group.add_argument("--source", default="human", help="who acted (default: %(default)s)")
    group.add_argument(
        "--max-age", type=float, help="oldest value that a plain topic's step may use [s] (default: 0.15)"
    )


def export_store(args: argparse.Namespace) -> int:
    """Write a store as a bag."""
    from robot_rl.replay.bags.export import export_bag

    with progress_bar("rows") as report:
        rows = export_bag(args.store, args.out, storage=args.storage, topics=args.topics, progress=report)
    print(f"{rows} steps of '{args.store}' exported to '{args.out}'.")
    if args.json:
        print(json.dumps({"rows": rows, "out": args.out}))
    return 0


def import_sources(args: argparse.Namespace) -> int:
    """Append bags to a store, the earliest first."""
    from robot_rl.replay.bags.inlet import Imported

    done, plain = Imported(), bool(args.topics or args.camera)
    for bag in sorted(args.sources, key=_start_ns):
        with progress_bar(Path(bag).name) as report:
            done.add(_import_plain(bag, args, report) if plain else _import_steps(bag, args, report))
    _tell(done, args)
    return 0


def _start_ns(bag: str) -> int:
    from robot_rl.replay.bags.reading import BagReader

    with BagReader(bag) as reader:
        return reader.start_ns


def _import_steps(bag: str, args: argparse.Namespace, report: Report) -> Imported:
    from robot_rl.replay.bags.steps import described_by, import_bag

    if args.robot is None or args.task is None:
        return import_bag(bag, args.store, progress=report, topic=args.topic)
    described = described_by(bag, args.topic, args.robot, args.task)
    return import_bag(bag, args.store, described.spec, described.meta, report, topic=args.topic)


def _import_plain(bag: str, args: argparse.Namespace, report: Report) -> Imported:
    from robot_rl.replay.bags.plain import PlainOptions, import_plain
    from robot_rl.replay.bags.topic_map import TopicMap
    from robot_rl.robot.spec import load_robot, step_spec

    if args.robot is None or args.task is None:
        raise UsageError("plain topics do not say whose they are: give --robot and --task.")
    topics = TopicMap.read(args.topics) if args.topics else TopicMap(cameras={})
    named = {role: getattr(args, role) for role in ROLES if getattr(args, role)}
    topics = topics.updated(dict(_pair(text) for text in args.camera), named)
    given = {"rate_hz": args.rate, "max_age_s": args.max_age, "source": args.source, "success": args.succeeded}
    options = load(PlainOptions, {key: value for key, value in given.items() if value is not None}, "options")
    rig = {"robot": args.robot, "task": args.task, "cameras": list(topics.cameras), "image_size": _image_size(args)}
    robot = load_robot(args.robot)
    spec, meta = step_spec(load(RigConfig, rig, "options"), robot), {"task": args.task, "robot": args.robot}
    return import_plain(bag, args.store, spec, meta, robot, topics, options, report)


def _pair(text: str) -> tuple[str, str]:
    name, equals, topic = text.partition("=")
    if not (name and equals and topic):
        raise UsageError(f"--camera got '{text}': give NAME=TOPIC.")
    return name, topic


def _image_size(args: argparse.Namespace) -> int:
    from robot_rl.replay.schema import METADATA, Layout

    if args.image_size is None and (Path(args.store) / METADATA).exists():
        return Layout.read(Path(args.store)).spec.observation.image_height
    return int(args.image_size or RigConfig.image_size)


def _tell(done: Imported, args: argparse.Namespace) -> None:
    count = len(args.sources)
    bags = f"'{args.sources[0]}'" if count == 1 else f"{count} bags"
    print(f"{done.rows} steps in {done.episodes} episodes of {bags} imported into '{args.store}'.")
    told = {
        "duplicates dropped: they are in the store": done.duplicates,
        "steps missing in the bags": done.missing,
        "steps left out: later ones of the same run are in the store already": done.late,
        "actions beyond full scale, clipped": done.clipped,
        **done.left_out,
    }
    for what, number in told.items():
        if number:
            print(f"{number:8} x {what}")
    if done.measured_gripper:
        print("gripper actions are the measured opening: no gripper topic was named.")
    if args.json:
        values: dict[str, Any] = {"rows": done.rows, "episodes": done.episodes, "duplicates": done.duplicates}
        values |= {"missing": done.missing, "late": done.late, "clipped": done.clipped}
        values |= {"measured_gripper": done.measured_gripper, "left_out": {k: n for k, n in done.left_out.items() if n}}
        print(json.dumps({**values, "store": args.store, "bags": count}))
