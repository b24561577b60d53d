"""rclpy shells: parameters into config dataclasses, messages into core values, and back. The only rclpy."""
