"""Model, kinematic twin and inverse kinematics of the robot, and the simulated arm at its tasks."""

import os

from robot_rl.robot.gl import LIBRARIES, choose_backend

if os.environ.get("MUJOCO_GL", "").strip().lower() in LIBRARIES:
    choose_backend()  # importing mujoco would fail without the library, and not say what to do about it
