"""A camera's intrinsics from views of a board, with what is wrong with the views and how sure the result is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from robot_rl.calibration.camera_info import CameraIntrinsics, Record, now_text
from robot_rl.calibration.certainty import FOCAL_AND_CENTRE, standard_deviations
from robot_rl.calibration.coverage import Coverage
from robot_rl.calibration.detect import View
from robot_rl.core.errors import RobotRLError, UsageError

MODELS = {
    "pinhole": cv2.CALIB_FIX_K1 | cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3 | cv2.CALIB_ZERO_TANGENT_DIST,
    "plumb_bob": 0,
    "rational_polynomial": cv2.CALIB_RATIONAL_MODEL,
}
"""Lens -> OpenCV's flags; a pinhole is written as plumb_bob with zeros, as ROS knows no other name for it."""
COEFFICIENTS = {"pinhole": 5, "plumb_bob": 5, "rational_polynomial": 8}
MIN_VIEWS = 8
OUTLIER = 3.0
"""Times the median reprojection error beyond which a view is left out."""
ALWAYS_FINE = 0.3
"""A view below this reprojection error [px] is no outlier, however good the others are."""
SAME = 0.03
"""Distance of looks at which two views count as one."""
MAX_STD = 0.02
"""Largest standard deviation of the focal length, as its share, at which the views determine it at all."""


class TooFewViews(UsageError):
    """The views do not determine the camera; the message says what is missing."""


@dataclass(frozen=True)
class IntrinsicsResult:
    """What was found, and from what."""

    intrinsics: CameraIntrinsics
    errors: dict[str, float]
    """Reprojection error [px] of every view used, by name."""
    outliers: dict[str, float]
    """The same of the views left out, by the intrinsics found without them."""
    coverage: Coverage

    @property
    def rms_px(self) -> float:
        """Reprojection error over all corners used [px]."""
        return self.intrinsics.record.rms_px

    @property
    def std_px(self) -> np.ndarray:
        """Standard deviations (4,) of fx, fy, cx, cy [px], as the spread of the corners implies."""
        return np.array(self.intrinsics.record.std_px)


def calibrate_intrinsics(
    views: Sequence[View],
    camera: str,
    *,
    serial: str = "",
    board: str = "",
    model: str = "plumb_bob",
    min_views: int = MIN_VIEWS,
) -> IntrinsicsResult:
    """Intrinsics of the camera that made `views`; views much worse than the others are left out, and named.

    Raises TooFewViews where there are fewer than `min_views` or where they are too alike to determine the camera,
    UsageError where they are of different sizes.
    """
    _check(views, min_views)
    kept, outliers = list(views), list[View]()
    while True:
        fit = _fit(kept, model)
        limit = max(OUTLIER * float(np.median(fit.per_view)), ALWAYS_FINE)
        worst = int(np.argmax(fit.per_view))
        if fit.per_view[worst] <= limit or len(kept) <= min_views:
            break
        outliers.append(kept.pop(worst))
    _check_determined(fit, kept)
    record = Record(
        date=now_text(),
        serial=serial,
        board=board,
        views=len(kept),
        rms_px=round(fit.rms, 5),
        std_px=tuple(round(float(value), 5) for value in fit.std),
    )
    lens = "plumb_bob" if model == "pinhole" else model
    projection = np.hstack([fit.matrix, np.zeros((3, 1))])
    found = CameraIntrinsics(camera, *views[0].size, fit.matrix, lens, fit.distortion, np.eye(3), projection, record)
    errors = {view.name: float(error) for view, error in zip(kept, fit.per_view, strict=True)}
    return IntrinsicsResult(found, errors, {v.name: _error(v, found) for v in outliers}, Coverage.of(kept))


@dataclass(frozen=True)
class _Fit:
    matrix: np.ndarray
    distortion: np.ndarray
    std: np.ndarray
    """of fx, fy, cx, cy [px]."""
    per_view: np.ndarray
    rms: float


def _fit(views: Sequence[View], model: str) -> _Fit:
    points = [view.points.astype(np.float32) for view in views]
    corners = [view.corners.astype(np.float32) for view in views]
    try:
        rms, matrix, distortion, turns, shifts, _, _, per_view = cv2.calibrateCameraExtended(
            points, corners, views[0].size, np.eye(3), np.zeros(COEFFICIENTS[model]), flags=MODELS[model]
        )
    except cv2.error as error:
        raise RobotRLError(
            f"OpenCV cannot calibrate from these views ({error.err}): take more, and tilted ones."
        ) from None
    lens = distortion.ravel()[: COEFFICIENTS[model]]
    free = FOCAL_AND_CENTRE + (0 if model == "pinhole" else COEFFICIENTS[model])
    std = standard_deviations(views, matrix, lens, turns, shifts, free)
    return _Fit(matrix, lens, std, per_view.ravel(), float(rms))


def _check(views: Sequence[View], min_views: int) -> None:
    if len(views) < min_views:
        have = f"{len(views)} usable view{'s' * (len(views) != 1)}"
        raise TooFewViews(f"{have} of the board, at least {min_views} are needed: take more pictures.")
    distinct = Coverage(views[0].size)
    count = sum(distinct.take(view, SAME) for view in views)
    if count < min_views:
        raise TooFewViews(
            f"{len(views)} views, of which only {count} differ, at least {min_views} are needed: tilt, turn and move "
            "the board between the pictures."
        )
    sizes = {view.size for view in views}
    if len(sizes) > 1:
        names = ", ".join(f"{width}x{height}" for width, height in sorted(sizes))
        raise UsageError(f"the pictures have different sizes ({names}): give pictures of one camera at one resolution.")


def _check_determined(fit: _Fit, views: Sequence[View]) -> None:
    """TooFewViews where the focal length is not known from these views."""
    focal = fit.matrix[[0, 1], [0, 1]]
    share = float((fit.std[:2] / focal).max()) if (focal > 0).all() else np.inf
    if not np.isfinite(fit.matrix).all() or not share <= MAX_STD:
        wanted = Coverage.of(views).wanted or "tilt the board more"
        raise TooFewViews(
            f"the {len(views)} views are too alike: the focal length is known to {100 * share:.1f} %, "
            f"{100 * MAX_STD:g} % are needed: {wanted}."
        )


def _error(view: View, intrinsics: CameraIntrinsics) -> float:
    """Reprojection error [px] of a view that was not used."""
    camera, distortion = intrinsics.camera_matrix, intrinsics.distortion
    found, turn, shift = cv2.solvePnP(view.points, view.corners, camera, distortion)
    if not found:
        return float("inf")
    pixels, _ = cv2.projectPoints(view.points, turn, shift, camera, distortion)
    return float(np.sqrt(np.mean(np.sum((pixels[:, 0] - view.corners) ** 2, axis=1))))
