"""Put a peg that the gripper holds into a socket."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.core.outcome import Outcome
from robot_rl.robot.tasks.base import ARM_STATE, TCP, arm_state

SIDE, REACH = 0.020, 0.045
"""Side of the square peg, and how far it reaches beyond the tcp [m]."""
CLEARANCE = 0.002
"""What the socket's opening is wider than the peg, both sides together [m]."""
HEIGHT, WALL = 0.030, 0.012
"""Height of the socket, which is open down to the table, and thickness of its walls [m]."""
DEPTH = 0.8 * HEIGHT
"""Depth of the peg's tip in the socket from which on it is inserted [m]."""
ROUNDING = 0.003
"""Radius of the corners of the peg's tip [m]."""
PATCH = 0.05 * np.array([[-1.0, -1.0], [1.0, 1.0]]) + [0.45, 0.0]
"""Corners of the patch of 10 x 10 cm for the socket's middle [m]."""
MAX_YAW = np.deg2rad(15)
GRIP = {"x": (1500.0, 0.008), "y": (1500.0, 0.008), "z": (1000.0, 0.030)}
"""Stiffness [N/m] of the grip along the hand's axes, and how far the peg gives way in it [m]."""
VIEWS = {"wrist": (48.0, [0.0, 1.0, 0.0, 0.857, 0.0, 0.515]), "front": (13.0, [0.0, 1.0, 0.0, -0.602, 0.0, 0.799])}
"""Angle of view [degrees] and axes of the cameras, from where the robot has them: they look at peg and patch closely
enough to see the clearance at 64 pixels."""


@dataclass(frozen=True)
class Insert:
    """A peg of 2 cm, a socket 2 mm wider (1 mm a side), anywhere on 10 x 10 cm, turned by 30 degrees at most in all.

    The peg is part of the hand, held as by soft fingers: springs let it give way, so that contact forces stay small (a
    peg blocked on the edge is pressed with 30 N at most). Together with its rounded tip that catches a peg let down up
    to 3 mm or 5 degrees out of line. The robot must turn about z, and its gripper stay closed. Safety's twin knows
    neither peg nor socket: `workspace` ends where the peg's tip is 3 mm above the table.
    """

    name: str = "insert"
    instruction: str = "put the peg into the socket"
    workspace: WorkspaceConfig | None = WorkspaceConfig(
        lower=(0.385, -0.065, REACH + 0.003), upper=(0.515, 0.065, 0.16)
    )
    state_names: tuple[str, ...] = (
        *ARM_STATE,
        *("socket_x", "socket_y", "socket_z", "socket_yaw"),
        *("peg_x", "peg_y", "peg_z", "peg_yaw"),
    )

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Fix the peg to the hand, add the socket as a mocap body, and let the cameras look closer."""
        tcp = spec.site(TCP)
        _add_peg(tcp.parent, np.array(tcp.pos))
        _add_socket(spec.worldbody.add_body(name="socket", mocap=True, pos=[*PATCH.mean(0), HEIGHT]))
        for camera in spec.cameras:
            if camera.name in VIEWS:
                camera.fovy, camera.alt.xyaxes = VIEWS[camera.name]

    def randomize(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> None:
        """Put the socket at a random place and yaw, and the peg at rest in the grip."""
        yaw, socket = rng.uniform(-MAX_YAW, MAX_YAW), model.body("socket").mocapid[0]
        data.mocap_pos[socket] = [*rng.uniform(PATCH[0], PATCH[1]), HEIGHT]
        data.mocap_quat[socket] = [np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]
        for axis in GRIP:
            data.joint(f"grip_{axis}").qpos = data.joint(f"grip_{axis}").qvel = 0.0

    def state(self, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        """Arm state, middle of the socket's upper edge [m] and its yaw [rad], the peg's tip [m] and its yaw (12,)."""
        socket, tip = data.body("socket"), data.site("peg_tip")
        yaws = [np.arctan2(matrix[3], matrix[0]) for matrix in (socket.xmat, tip.xmat)]
        return np.concatenate([arm_state(model, data), socket.xpos, yaws[:1], tip.xpos, yaws[1:]])

    def outcome(self, state: np.ndarray) -> Outcome:
        """Done, with reward 1, once the peg's tip is at 80 % of the socket's height inside it."""
        below = state[4:7] - state[8:11]
        done = bool(below[2] > DEPTH and np.hypot(below[0], below[1]) < SIDE / 2)
        return Outcome(float(done), success=done, terminated=done)


def _add_peg(hand: mujoco.MjsBody, tcp: np.ndarray) -> None:
    """A body that slides in the hand on three stiff springs: a box with its tip's corners rounded off by spheres."""
    peg = hand.add_body(name="peg", pos=tcp, gravcomp=1.0)
    for axis, (stiffness, travel) in GRIP.items():
        peg.add_joint(
            name=f"grip_{axis}",
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=[float(axis == other) for other in "xyz"],
            range=[-travel, 0.0 if axis == "z" else travel],
            stiffness=stiffness,
            damping=20.0,
            armature=0.05,
        )
    top, edge, inner = -0.02, REACH - ROUNDING, SIDE / 2 - ROUNDING
    _box(peg, "peg", [0.0, 0.0, (top + edge) / 2], [SIDE / 2, SIDE / 2, (edge - top) / 2], arm=True)
    _box(peg, "peg_end", [0.0, 0.0, REACH - ROUNDING], [inner, inner, ROUNDING], arm=True)
    for x in (-inner, inner):
        for y in (-inner, inner):
            _geom(peg, "", [x, y, edge], [ROUNDING, 0.0, 0.0], True, mujoco.mjtGeom.mjGEOM_SPHERE)
    peg.add_site(name="peg_tip", pos=[0.0, 0.0, REACH], rgba=[0.0] * 4)


def _add_socket(socket: mujoco.MjsBody) -> None:
    """Four walls around the opening; the body's origin is the middle of their upper edge."""
    inside = (SIDE + CLEARANCE) / 2
    middle, long, high = inside + WALL / 2, inside + WALL, HEIGHT / 2
    for sign, name in ((-1, "back"), (1, "front")):
        _box(socket, f"socket_{name}", [sign * middle, 0.0, -high], [WALL / 2, long, high], arm=False)
    for sign, name in ((-1, "right"), (1, "left")):
        _box(socket, f"socket_{name}", [0.0, sign * middle, -high], [inside, WALL / 2, high], arm=False)


def _box(body: mujoco.MjsBody, name: str, pos: list[float], size: list[float], arm: bool) -> None:
    _geom(body, name, pos, size, arm, mujoco.mjtGeom.mjGEOM_BOX)


def _geom(
    body: mujoco.MjsBody, name: str, pos: list[float], size: list[float], arm: bool, kind: mujoco.mjtGeom
) -> None:
    body.add_geom(
        name=name,
        type=kind,
        pos=pos,
        size=size,
        contype=1 if arm else 2,
        conaffinity=0 if arm else 1,
        rgba=[0.95, 0.85, 0.1, 1.0] if arm else [1.0, 0.1, 0.1, 1.0],
        density=500.0,
        friction=[0.3, 0.005, 0.0001],
        solref=[0.008, 1.0],
        solimp=[0.98, 0.995, 0.001, 0.5, 2.0],
    )


TASK = Insert()
