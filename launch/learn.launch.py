"""`ros2 launch robot_rl learn.launch.py`: learn a task; --show-args explains the arguments."""

from launch import LaunchDescription

from robot_rl.graph.ros_launch import launch_description


def generate_launch_description() -> LaunchDescription:
    """Graph 'learn' as launch actions."""
    return launch_description("learn")
