"""Which objects of two label maps lie on each other, and by how much."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Any

import numpy as np

from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array


def overlap_table(labels: Array, other: Array, each: Each = one_by_one) -> dict[str, list[Any]]:
    """Return a row for each pair of labels of two maps (z, y, x) that share voxels, ordered by the labels."""
    wide = int(other.max(initial=0)) + 1
    sizes = [np.zeros(int(one.max(initial=0)) + 1, np.int64) for one in (labels, other)]
    shared: Counter[int] = Counter()
    lock = Lock()

    def count(z: int) -> None:
        planes = (labels[z], other[z])
        held = [np.bincount(plane.ravel(), minlength=len(size)) for plane, size in zip(planes, sizes, strict=True)]
        both = (labels[z] != 0) & (other[z] != 0)
        pairs, counts = np.unique(labels[z][both].astype(np.int64) * wide + other[z][both], return_counts=True)
        with lock:
            for size, more in zip(sizes, held, strict=True):
                size += more
            shared.update(dict(zip(pairs.tolist(), counts.tolist(), strict=True)))

    each(count, range(len(labels)))
    pairs = sorted(shared)
    first, second = np.divmod(np.array(pairs, np.int64), wide)
    voxels = np.array([shared[pair] for pair in pairs], np.int64)
    here, there = sizes[0][first], sizes[1][second]
    columns = {
        "label": first,
        "other": second,
        "shared_voxels": voxels,
        "share": voxels / here,
        "other_share": voxels / there,
        "jaccard": voxels / (here + there - voxels),
    }
    return {name: column.tolist() for name, column in columns.items()}
