"""`robot-rl calibrate check --topic`: the projected board and tcp over the live picture."""

from __future__ import annotations

import argparse
import time

import numpy as np

from robot_rl.cli import calibrate_check, calibrate_options, person
from robot_rl.cli.calibrate_live import GUIDANCE, Live, key
from robot_rl.core.errors import UsageError

SAY_S = 1.0


def check_live(args: argparse.Namespace) -> int:
    """Overlay until the time is up or q; the board's place is where it is seen first."""
    from robot_rl.calibration.board import load_board
    from robot_rl.calibration.check import rms
    from robot_rl.calibration.detect import BoardDetector, BoardNotFound
    from robot_rl.calibration.overlay import axes, caption, comparison
    from robot_rl.robot.spec import load_robot
    from robot_rl.robot.twin import KinematicTwin

    if not args.camera or not args.board:
        raise UsageError("--camera and --board are needed with --topic: name what is to be checked.")
    robot, detector = load_robot(args.robot), BoardDetector(load_board(args.board))
    twin, errors, first, drawn = KinematicTwin(robot), list[float](), None, np.zeros((1, 1, 3), np.uint8)
    with person.node("calibrate_check", args) as node:
        live = Live(node, args.topic, robot)
        live.wait()
        height, width = live.picture().shape[:2]
        rig = calibrate_options.rig_at(args, args.camera, args.serial, (width, height))
        print(f"{GUIDANCE} shows the projections; move the arm; q and Enter end", flush=True)
        said, end = 0.0, time.monotonic() + (args.seconds or float("inf"))
        while time.monotonic() < end and (args.seconds or key() != "q"):
            live.spin(0.05)
            image = live.picture()
            try:
                tcp = twin.tcp_pose(live.joints_at_rest())
                view = detector.find(image)
                first = first or rig.board_seen(view, tcp)
                pixels = rig.board_pixels(first, view.points, tcp)
                errors.append(rms(view.corners, pixels))
                drawn = comparison(image, view.corners, pixels, f"board {errors[-1]:.2f} px off")
            except BoardNotFound as error:
                drawn = caption(image, str(error))
            except UsageError:
                continue
            axes(drawn, rig.tcp_in_camera(tcp), rig.intrinsics)
            live.show(drawn)
            if time.monotonic() - said > SAY_S and errors:
                print(f"board {errors[-1]:.2f} px off", flush=True)
                said = time.monotonic()
    if args.overlays:
        calibrate_options.save_overlay(args.overlays, "live.png", drawn)
    if not errors:
        raise UsageError("the board was never seen while the arm stood still: nothing was checked.")
    return calibrate_check.tell(args, args.camera, errors, [])
