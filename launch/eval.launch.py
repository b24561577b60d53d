"""`ros2 launch robot_rl eval.launch.py`: evaluate a trained policy; --show-args explains the arguments."""

from launch import LaunchDescription

from robot_rl.graph.ros_launch import launch_description


def generate_launch_description() -> LaunchDescription:
    """Graph 'eval' as launch actions."""
    return launch_description("eval")
