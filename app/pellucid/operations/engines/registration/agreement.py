"""How well the values of two images agree, and how that changes with the values of the second one."""

from __future__ import annotations

import numpy as np

from pellucid.operations.pixels import Array


def squares(fixed: Array, moving: Array, bins: int) -> tuple[float, Array]:
    """Return the mean of the squared differences, and its derivative by each value of the moving image."""
    gap = moving - fixed
    return float(np.mean(gap * gap)), gap * (2 / len(gap))


def correlation(fixed: Array, moving: Array, bins: int) -> tuple[float, Array]:
    """Return the negative of the squared correlation, as ITK does, and its derivative."""
    f, m = fixed - fixed.mean(), moving - moving.mean()
    ff, mm, fm = float(f @ f), float(m @ m), float(f @ m)
    if not ff * mm:
        return 0.0, np.zeros(len(f))
    return -fm * fm / (ff * mm), (f - m * (fm / mm)) * (-2 * fm / (ff * mm))


def mutual_information(fixed: Array, moving: Array, bins: int) -> tuple[float, Array]:
    """Return the negative mutual information (nats) and its derivative, after Mattes (IEEE TMI 22, 2003).

    Fixed values count in the bin that holds them, moving ones in the four around them by a cubic B-spline.
    """
    one = np.minimum(_places(fixed, bins).astype(np.intp), bins - 1)
    place = _places(moving, bins - 4) + 1.5
    first = np.floor(place).astype(np.intp) - 1
    part = place - np.floor(place)
    weights = _spline(part) / len(part)
    at = one * bins + first
    joint = np.sum([np.bincount(at + k, weights[k], bins * bins) for k in range(4)], axis=0).reshape(bins, bins)
    p, q = joint.sum(1, keepdims=True), joint.sum(0, keepdims=True)
    known = joint > 0
    gain = np.zeros((bins, bins))
    gain[known] = np.log(joint[known] / (p * q)[known])
    rise = _slope(part) * ((bins - 4) / (float(np.ptp(moving)) or 1.0) / len(part))
    flat = gain.ravel()
    return -float((joint * gain).sum()), -np.sum([rise[k] * flat[at + k] for k in range(4)], axis=0)


def _places(values: Array, bins: int) -> Array:
    low = float(values.min())
    return (values - low) * (bins / (float(np.ptp(values)) or 1.0))


def _spline(t: Array) -> Array:
    s = 1 - t
    return np.stack([s**3, 3 * t**3 - 6 * t**2 + 4, 3 * s**3 - 6 * s**2 + 4, t**3]) / 6


def _slope(t: Array) -> Array:
    s = 1 - t
    return np.stack([-(s**2), 3 * t**2 - 4 * t, 4 * s - 3 * s**2, t**2]) / 2


AGREEMENTS = {"mean_squares": squares, "correlation": correlation, "mattes": mutual_information}
"""By the name of the metric of a stage."""
