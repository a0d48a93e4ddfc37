"""A thorax that never was anybody's: the demo phantom, as attenuation (CT) or as activity (PET), on any grid.

World is LPS in mm; the patient lies on the back, z = 0 is in the middle of the chest. Large surfaces are
painted in slabs of a few slices by two threads, then the things inside them one after the other; the result
does not depend on the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pellucid.files.phantom import tissues as t
from pellucid.files.phantom.organs import airways, belly, heart, lung_trees, vessels
from pellucid.files.phantom.scene import Field, Grid, Scene, ellipsoid
from pellucid.files.phantom.skeleton import skeleton
from pellucid.files.phantom.surfaces import Slab, abdomen, body, lungs

_SLICES = 4
_NOISE_HU = 11.0


def render(grid: Grid, *, ct: bool, seed: int = 20) -> Field:
    """Return the phantom on a grid, float32 (z, y, x), in HU or Bq/ml, without noise."""
    scene = Scene(grid, ct=ct, seed=seed)

    def surfaces(start: int) -> None:
        slab = Slab(scene, slice(start, min(start + _SLICES, grid.size[2])))
        body(slab)
        abdomen(slab)
        lungs(slab)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(surfaces, range(0, grid.size[2], _SLICES)))
    for paint in (belly, lung_trees, heart, vessels, airways, skeleton):
        paint(scene)
    scene.paint(ellipsoid(t.NODULE_CENTRE, (t.NODULE_DIAMETER / 2,) * 3), t.NODULE)
    return scene.values


def ct_slices(seed: int = 20) -> np.ndarray:
    """Return the CT in whole HU, int16 (z, y, x), with the grain of a scanner."""
    values = render(t.CT_GRID, ct=True, seed=seed)
    rng = np.random.default_rng(seed + 3)
    grain = rng.standard_normal(values.shape, dtype=np.float32)
    grain = grain + np.roll(grain, 1, axis=1) + np.roll(grain, 1, axis=2)  # neighbours share some of it
    values += grain * np.float32(_NOISE_HU / np.sqrt(3))
    return np.clip(np.rint(values), -1024, 3071).astype(np.int16)


def pet_slices(seed: int = 20) -> Field:
    """Return the PET in Bq/ml, float32 (z, y, x), blurred and grainy like a scanner's."""
    from scipy.ndimage import gaussian_filter

    values = gaussian_filter(render(t.PET_GRID, ct=False, seed=seed), (0.9, 0.75, 0.75))
    rng = np.random.default_rng(seed + 4)
    grain = gaussian_filter(rng.standard_normal(values.shape, dtype=np.float32), 0.8)
    values += grain * np.float32(3.0) * np.sqrt(np.maximum(values, 0)) * 4
    return np.asarray(np.maximum(values, 0))
