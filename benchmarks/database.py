"""Measure the study database against its limits, and against a plain walk with pydicom in the same run.

    python benchmarks/database.py [--files 10000] [--studies 100000] [--json F]

Limits: of 10,000 files a list that can be used in less than 5 s from nothing, of 20,000 files a scan that shows its
first series in less than 5 s (H25), an answer among 100,000 studies in less than 50 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "app"), str(ROOT / "tests")]

PER_SERIES, LISTED_SECONDS, ANSWER_SECONDS = 100, 5.0, 0.05
FAMILIES = ("Doe", "Müller", "Smith", "García", "Nowak", "Søren", "Yamada", "Ivanov", "Okafor", "Silva", "Kaya")
GIVEN = ("Jane", "Jörg", "Ana", "Olu", "Ken", "Eva", "Ali", "Mia", "Noah", "Li", "Zoë", "Raj")
ABOUT = ("Thorax staging", "Knee left", "Head without contrast", "Abdomen follow-up", "Spine", "PET whole body")
QUESTIONS = ("d", "do", "doe", "mull", "jane", "thor", "ct", "modality:MR", "2017", "2017-03", "2015..2016",
             "doe ct 2018", "name:smi", "id:1234", "head contr", "nothing like it", "")  # fmt: skip


def write_files(folder: Path, count: int) -> None:
    """Write series of small slices quickly: one file is made, the others are copies with other numbers in them."""
    import numpy as np

    from dicom_making import slice_dataset

    template = folder / "template"
    ds = slice_dataset(np.zeros((128, 128), np.int16), series="1.2.826.0.1.10000001", number=10001,
                       position=(0, 0, 10001), PatientName="Family00001^Given", PatientID="ID00000001",
                       StudyInstanceUID="1.2.826.0.2.10000001", StudyDate="20240101", StudyDescription="Benchmark",
                       SeriesDescription="Series", SeriesNumber=1)  # fmt: skip
    ds.SOPInstanceUID = "1.2.826.0.3.10000001"
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.3.10000001"
    ds.save_as(template, enforce_file_format=True)
    content = template.read_bytes()
    template.unlink()
    for n in range(count):
        series = n // PER_SERIES
        place = folder / f"{series // 20:03d}" / f"{series:05d}"
        if n % PER_SERIES == 0:
            place.mkdir(parents=True)
        slice_number = b"%05d" % (10001 + n % PER_SERIES)
        data = (
            content.replace(b"1.2.826.0.1.10000001", b"1.2.826.0.1.1%07d" % series)
            .replace(b"1.2.826.0.2.10000001", b"1.2.826.0.2.1%07d" % (series // 4))
            .replace(b"1.2.826.0.3.10000001", b"1.2.826.0.3.1%07d" % n)
            .replace(b"Family00001", b"Family%05d" % (series // 8))
            .replace(b"ID00000001", b"ID%08d" % (series // 8))
            .replace(b"10001", slice_number)
        )
        (place / f"{n:06d}").write_bytes(data)


def measure_index(folder: Path, home: Path, pool) -> dict[str, float]:
    """Return seconds until the first series can be listed and opened, until all is there, and for later looks."""
    from pellucid.database import indexing, opening, searching
    from pellucid.database.asking import question
    from pellucid.database.store import Store

    first: dict[str, float] = {}
    start = time.perf_counter()
    store = Store(home)
    root = store.add_root(folder)

    def news(_progress) -> None:
        rows = searching.search(store, question("")).rows if not first else ()
        if rows:
            opening.series(store, searching.series_of(store, rows[0].key)[0].key, pool=pool)
            first["seconds"] = time.perf_counter() - start

    indexing.update(store, root, pool=pool, on_news=news)
    whole = time.perf_counter() - start
    store.close()
    start = time.perf_counter()
    store = Store(home)
    found = searching.search(store, question(""))
    again = time.perf_counter() - start
    start = time.perf_counter()
    opening.series(store, searching.series_of(store, found.rows[0].key)[0].key, pool=pool)
    opened = time.perf_counter() - start
    start = time.perf_counter()
    indexing.update(store, store.root(root.id), pool=pool)
    updated = time.perf_counter() - start
    store.close()
    return {"first": first["seconds"], "whole": whole, "again": again, "open": opened, "update": updated}


def measure_scan(folder: Path, pool) -> dict[str, float]:
    """Return seconds until the first series of a folder is shown without any index, and until all are."""
    from pellucid.dicom.scan import scan

    first: list[float] = []
    start = time.perf_counter()
    scan([folder], pool=pool, on_series=lambda s: first.append(time.perf_counter() - start) if s.series else None)
    return {"first": first[0], "whole": time.perf_counter() - start}


def measure_plain(folder: Path) -> float:
    """Return the seconds of os.walk and pydicom.dcmread without pixels."""
    import pydicom

    start = time.perf_counter()
    for place, _, names in os.walk(folder):
        for name in names:
            ds = pydicom.dcmread(Path(place) / name, stop_before_pixels=True)
            _ = ds.get("PatientName"), ds.get("SeriesInstanceUID"), ds.get("StudyDate")
    return time.perf_counter() - start


def measure_search(home: Path, count: int) -> dict[str, float]:
    """Return the seconds of the middle and of the slowest answer among many studies of one series each."""
    from pellucid.database import searching
    from pellucid.database.asking import question
    from pellucid.database.filing import Filing, Read, Stamp
    from pellucid.database.store import Store

    chance = random.Random(7)
    store = Store(home)
    (home / "empty").mkdir(parents=True, exist_ok=True)
    root = store.add_root(home / "empty")
    for start in range(0, count, 5000):
        with store.changing() as connection:
            Filing(connection, root.id).put(
                Read(Path(f"/x/{n}"), Stamp(1, n, n), {
                    "series_uid": f"1.{n}", "study_uid": f"2.{n}", "modality": chance.choice(("CT", "MR", "US", "DX")),
                    "texts": {"patient_name": f"{chance.choice(FAMILIES)}, {chance.choice(GIVEN)}",
                              "patient_id": str(n // 3), "study_description": chance.choice(ABOUT),
                              "study_date": f"{chance.randint(2005, 2024)}{chance.randint(1, 12):02d}"
                                            f"{chance.randint(1, 28):02d}"}})
                for n in range(start, min(start + 5000, count))
            )  # fmt: skip
    times = {}
    for typed in QUESTIONS:
        searching.search(store, question(typed))
        runs = []
        for _ in range(5):
            begin = time.perf_counter()
            searching.search(store, question(typed))
            runs.append(time.perf_counter() - begin)
        times[typed] = statistics.median(runs)
    size = store.path.stat().st_size
    store.close()
    slowest = max(times, key=lambda typed: times[typed])
    print(f"slowest question: {slowest!r}; {size / 1e6:.0f} MB for {count:,} studies")
    return {"median": statistics.median(times.values()), "slowest": times[slowest]}


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--studies", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    from pellucid.dicom.child import Pool

    with tempfile.TemporaryDirectory() as name:
        place, pool = Path(name), Pool()
        small, large = place / "small", place / "large"
        for folder, count in ((small, options.files), (large, 2 * options.files)):
            folder.mkdir()
            write_files(folder, count)
        index = measure_index(small, place / "home", pool)
        scanned = measure_scan(large, pool)
        plain = measure_plain(small)
        found = measure_search(place / "search", options.studies)
        pool.close()
    rows = [
        (f"{options.files:,} files: first series listed and opened", index["first"], LISTED_SECONDS),
        (f"{options.files:,} files: all listed", index["whole"], None),
        ("  os.walk + pydicom, in the same run", plain, None),
        ("list opened again", index["again"], 0.5),
        (f"a series of {PER_SERIES} opened from the index (headers)", index["open"], 0.5),
        ("nothing changed: folder looked through again", index["update"], None),
        (f"{2 * options.files:,} files, no index: first series shown (H25)", scanned["first"], LISTED_SECONDS),
        (f"{2 * options.files:,} files, no index: all shown", scanned["whole"], None),
        (f"{options.studies:,} studies: an answer, median", found["median"], ANSWER_SECONDS),
        (f"{options.studies:,} studies: an answer, slowest", found["slowest"], ANSWER_SECONDS),
    ]
    for title, seconds, limit in rows:
        verdict = "" if limit is None else f"limit {limit:g} s  {'met' if seconds < limit else 'MISSED'}"
        print(f"{title:60} {seconds * 1000:10.1f} ms  {verdict}")
    if options.json:
        options.json.write_text(json.dumps({title: seconds for title, seconds, _ in rows}, indent=1))


if __name__ == "__main__":
    main()
