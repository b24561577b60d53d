"""A camera node on librealsense's software device, which does what a file says: run, freeze, black or unplug.

Arguments: that file, then the node's own. Frame n of the camera is the picture `picture(n)`.
"""

import runpy
import sys
import threading
import time
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1]
HEIGHT, WIDTH = 48, 64


def picture(number: int) -> np.ndarray:
    """uint8 (48, 64, 3), another one for every number."""
    return np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def play(software, file: Path) -> None:
    """Frames at 30 Hz; what the camera shows is what the file says."""
    shown = 0
    while True:
        wish = file.read_text()
        software.plugged = wish != "unplug"
        shown += wish == "run"
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8) if wish == "black" else picture(shown)
        if wish == "black":
            image[0, 0, 0] = shown % 2
        if software.plugged:
            depth = np.full((HEIGHT, WIDTH), 500, np.uint16)
            software.send(image, 1000.0 * time.monotonic(), depth, number=shown)
        time.sleep(1 / 30)


if __name__ == "__main__":
    from robot_rl.nodes import camera
    from robot_rl.perception.cameras.realsense import RealSenseCamera

    software = runpy.run_path(str(TESTS / "perception" / "cameras" / "conftest.py"))["SoftwareCamera"]()
    camera.open_camera = lambda config, clock: RealSenseCamera(config, clock, software.list)  # type: ignore[assignment]
    threading.Thread(target=play, args=(software, Path(sys.argv[1])), daemon=True).start()
    sys.exit(camera.main([sys.argv[0], *sys.argv[2:]]))
