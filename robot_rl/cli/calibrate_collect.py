"""`robot-rl calibrate collect`: record a calibration session, pictures of a board and the joint positions with them.

With --sim the simulator plays the robot, the board and the person. On a robot move the arm by hand or by
teleoperation, let it stand still and press Enter; q and Enter end. Shown by hand (--mount free), pictures that show
something new are taken by themselves.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from robot_rl.cli import calibrate_options, person
from robot_rl.core.errors import UsageError

MOUNTS = ("free", "eye_in_hand", "eye_to_hand")
MOUNT = (
    "free: a board shown by hand, for intrinsics; eye_in_hand: the camera moves with the tcp, the board lies still; "
    "eye_to_hand: the camera stands, the gripper holds the board"
)
SIM_BLIND = 200
"""Pictures in a row without the board after which a simulated session is given up."""


def add_parser(commands: Any) -> None:
    """Add `calibrate collect`."""
    parser = commands.add_parser(
        "collect", help="record pictures of a board, with joint positions", description=__doc__
    )
    parser.add_argument("--camera", required=True, help="name of the camera")
    parser.add_argument("--mount", choices=MOUNTS, default="free", help=f"{MOUNT} (default: free)")
    parser.add_argument("--board", required=True, help="board: a name in calibration/boards or a YAML file")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the session, a new one")
    parser.add_argument("--robot", default="fr3_sim", help="robot: a name in config/robots or a YAML file")
    parser.add_argument("--serial", default="", help="serial number of the camera, which the files keep")
    parser.add_argument("--count", type=int, default=20, metavar="N", help="pictures to take (default: 20)")
    parser.add_argument("--topic", help="image topic (default: camera/CAMERA/image_raw)")
    parser.add_argument("--sim", action="store_true", help="let the simulator play the session")
    parser.add_argument("--seed", type=int, default=0, help="seed of a simulated session (default: 0)")
    calibrate_options.add_size(parser)
    person.add_options(parser)
    parser.set_defaults(handler=collect)


def collect(args: argparse.Namespace) -> int:
    """Record the session."""
    from robot_rl.calibration.session import SessionInfo
    from robot_rl.cli import calibrate_live

    if args.count < 1:
        raise UsageError(f"--count is {args.count}: give at least 1.")
    robot = "" if args.mount == "free" else args.robot
    info = SessionInfo(camera=args.camera, serial=args.serial, robot=robot, mount=args.mount, board=args.board)
    if args.sim:
        return _simulate(args, info)
    args.topic = args.topic or f"camera/{args.camera}/image_raw"
    if args.mount == "free":
        calibrate_live.collect_by_hand(args, info, args.out, args.count)
    else:
        calibrate_live.collect_with_robot(args, info, args.out, args.count)
    return 0


def _simulate(args: argparse.Namespace, info: Any) -> int:
    from robot_rl.calibration.board import load_board
    from robot_rl.calibration.detect import BoardDetector, BoardNotFound
    from robot_rl.calibration.session import Session
    from robot_rl.calibration.simulated import SimulatedSession
    from robot_rl.robot.spec import load_robot

    board, size = load_board(args.board), calibrate_options.size_of(args.size)
    played = SimulatedSession(load_robot(args.robot), args.camera, board, args.mount, size, args.seed)
    session, detector, blind = Session(args.out, info), BoardDetector(board), 0
    for photo in played.photos():
        try:
            view = detector.find(photo.image)
        except BoardNotFound as error:
            blind += 1
            if blind == SIM_BLIND:
                raise UsageError(f"the simulated camera never sees the board; the last time: {error}") from None
            continue
        blind = 0
        shot = session.add(photo.image, photo.joints, photo.tcp_px)
        print(f"{len(session.shots)}/{args.count}  {shot.image}: {len(view.ids)} corners", flush=True)
        if len(session.shots) == args.count:
            break
    played.close()
    print(f"{args.out}: {args.count} pictures of camera '{info.camera}', mount {info.mount}")
    return 0
