"""rosbag2 bags: export of a store, import of recorded steps and of plain camera, joint and command topics."""
