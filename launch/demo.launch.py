"""`ros2 launch robot_rl demo.launch.py`: record demonstrations; --show-args explains the arguments."""

from launch import LaunchDescription

from robot_rl.graph.ros_launch import launch_description


def generate_launch_description() -> LaunchDescription:
    """Graph 'demo' as launch actions."""
    return launch_description("demo")
