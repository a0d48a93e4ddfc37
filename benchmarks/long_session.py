"""Read 100,000 files in one sitting and see whether anything grows or fails more often towards the end (H24).

    python benchmarks/long_session.py [--files 100000] [--json F]

Every file is parsed and decoded by the ordinary workers; one in seven is damaged. Printed for each tenth: how many
were refused, the memory of this process and the most of any worker, open handles, and files per second.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "app"), str(ROOT / "tests")]

SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70",
            "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90")  # fmt: skip
TENTHS = 10
DRIFT = 1.05


def write_files(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Write one small slice in each of some syntaxes and a damaged one; return them with their layouts."""
    import imagecodecs
    import numpy as np
    import pydicom
    from pydicom.uid import UID

    from dicom_making import save, slice_dataset
    from pellucid.dicom.headers import read_record

    pixels = np.random.default_rng(0).integers(0, 999, (64, 64)).astype(np.uint16)
    found = []
    for n, syntax in enumerate(SYNTAXES):
        ds = slice_dataset(pixels)
        if syntax in ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"):
            ds.file_meta.TransferSyntaxUID = UID(syntax)
            ds.PixelData = pydicom.encaps.encapsulate([imagecodecs.ljpeg_encode(pixels, bitspersample=16)])
            ds["PixelData"].VR = "OB"
        elif n:
            ds.compress(UID(syntax))
        (path,) = save(folder / str(n), [ds])
        record = read_record(path)
        assert record is not None and record.pixels is not None
        found.append((path, vars(record.pixels)))
    damaged = folder / "damaged"
    damaged.write_bytes(found[-1][0].read_bytes()[:-900])
    return [*found, (damaged, found[-1][1])]


def resident(pid: int | str) -> int:
    """Return the memory a process occupies, 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    from pellucid.dicom.child import Pool
    from pellucid.model.findings import Refused

    pool, rows, seen = Pool(workers=1), [], set[int]()
    with tempfile.TemporaryDirectory() as name:
        files = write_files(Path(name))
        refused, largest, began = 0, 0, time.perf_counter()
        for n in range(options.files):
            path, layout = files[n % len(files)]
            try:
                pool.call("pellucid.dicom.headers:read_headers", {"paths": [str(path)]})
                pool.call("pellucid.dicom.pixels:decode", {"path": str(path), "layout": layout, "frames": [0]})
            except Refused:
                refused += 1
            if n % 100 == 0:
                seen.update(pool.pids)
                largest = max(largest, *map(resident, pool.pids))
            if (n + 1) % (options.files // TENTHS) == 0:
                rows.append({
                    "files": n + 1, "refused": refused / (options.files // TENTHS), "own": resident("self"),
                    "worker": largest, "handles": len(list(Path("/proc/self/fd").iterdir())),
                    "rate": options.files / TENTHS / (time.perf_counter() - began),
                })  # fmt: skip
                print("{files:8,} files: {refused:.4f} refused, own {own:,} B, worker at most {worker:,} B, "
                      "{handles} handles, {rate:.0f}/s".format(**rows[-1]), flush=True)  # fmt: skip
                refused, largest, began = 0, 0, time.perf_counter()
    pool.close()
    for key in ("own", "worker"):
        drift = max(row[key] for row in rows[1:]) / rows[1][key]
        print(f"drift of {key} after the first tenth: {drift - 1:+.1%} (limit {DRIFT - 1:.0%}) "
              f"{'met' if drift < DRIFT else 'MISSED'}")  # fmt: skip
    print(f"{len(seen)} workers served; refused between {min(r['refused'] for r in rows):.4f} and "
          f"{max(r['refused'] for r in rows):.4f} of the files of a tenth")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
