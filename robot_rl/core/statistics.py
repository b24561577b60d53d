"""Statistics of success counts."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def success_interval(successes: int, n: int) -> tuple[float, float]:
    """95 % confidence interval (Wilson 1927) of a success probability after `successes` of `n` trials.

    (0, 1) where nothing was tried; ValueError unless 0 <= successes <= n.

    >>> tuple(round(x, 3) for x in success_interval(48, 50))
    (0.865, 0.989)
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes is {successes}, outside [0, {n}].")
    if n == 0:
        return 0.0, 1.0
    rate, z2 = successes / n, Z95**2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return (max(0.0, centre - half) if successes else 0.0), (min(1.0, centre + half) if successes < n else 1.0)
