"""Classes of colours by k-means. Scripts carry these functions along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy.cluster import vq

from pellucid.operations.pixels import Array

_SAMPLE = 100_000  # pixels the means are learned from
_TRIES, _TURNS = 5, 100


def unasked() -> None:
    """Ask nobody whether to go on."""


def colour_sample(image: sitk.Image) -> Array:
    """Return up to 100,000 finite colours, evenly spread over the image."""
    array = sitk.GetArrayViewFromImage(image)
    pixels = array.reshape(-1, array.shape[-1])[:, :3]
    kept = pixels[:: max(1, -(-len(pixels) // _SAMPLE))].astype(np.float64)
    return np.asarray(kept[np.isfinite(kept).all(axis=1)])


def colour_centres(sample: Array, classes: int, seed: int, check: Callable[[], Any] = unasked) -> Array:
    """Return the means of the classes, the darkest first: the best of a few tries from different first guesses."""
    generator, best, least = np.random.default_rng(seed), np.zeros((classes, 3)), np.inf
    for _ in range(_TRIES):
        centres = first_guess(sample, classes, generator)
        for _ in range(_TURNS):
            check()
            belongs, _ = vq.vq(sample, centres)
            sizes = np.bincount(belongs, minlength=classes)
            sums = [np.bincount(belongs, sample[:, k], classes) for k in range(3)]
            moved = np.where(sizes > 0, np.array(sums) / np.maximum(sizes, 1), centres.T).T
            if np.array_equal(moved, centres):
                break
            centres = moved
        error = float((vq.vq(sample, centres)[1] ** 2).sum())
        if error < least:
            best, least = centres, error
    return np.asarray(best[np.argsort(best.sum(axis=1), kind="stable")])


def first_guess(sample: Array, classes: int, generator: np.random.Generator) -> Array:
    """Return colours of the sample that lie far apart: each is drawn by the square of its distance (k-means++)."""
    chosen = [sample[generator.integers(len(sample))]]
    far = np.full(len(sample), np.inf)
    for _ in range(classes - 1):
        far = np.minimum(far, ((sample - chosen[-1]) ** 2).sum(axis=1))
        place = np.searchsorted(np.cumsum(far), generator.random() * far.sum(), side="right")
        chosen.append(sample[min(int(place), len(sample) - 1)])
    return np.array(chosen)


def colour_classes(colours: Array, centres: Array, first: int) -> Array:
    """Return the label of every colour: the nearest mean, counted from ``first``; 0 where a value is not finite."""
    values = colours[..., :3].astype(np.float64)
    distances = [((values - centre) ** 2).sum(axis=-1) for centre in centres]
    labels = (np.argmin(distances, axis=0) + first).astype(np.uint16)
    return np.where(np.isfinite(values).all(axis=-1), labels, np.uint16(0))
