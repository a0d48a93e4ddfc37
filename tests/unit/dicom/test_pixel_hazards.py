"""Values that are never wrong silently, and files that never hurt: what no other test of this room shows."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, AllTransferSyntaxes, RLELossless

from decoder_tasks import HANG
from dicom_making import ENHANCED_CT, save, slice_dataset, stack
from measured_pool import UNIT_MEGABYTES, MeasuredPool
from mutations import bomb, nested
from patience import PATIENCE
from pellucid.dicom import codecs
from pellucid.dicom import scan as scan_module
from pellucid.dicom.child import Pool
from pellucid.dicom.headers import read_one, read_record
from pellucid.dicom.pixels import decode
from pellucid.dicom.process import WorkerProcess
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import build_series
from pellucid.model.findings import Refused
from pellucid.model.histogram import auto_limits, histogram
from pellucid.model.volume import Volume


def read(paths: list[Path], pool: Pool | None = None) -> Volume:
    (series,) = build_series([record for record in map(read_record, paths) if record is not None])
    (plan,) = series.volumes
    return read_plan(plan, pool=pool)


def said(volume: Volume) -> set[str]:
    return {finding.code for finding in volume.findings}


# ------------------------------------------------------------------ values


def functional(ds: Dataset, **groups: dict[str, Any]) -> Dataset:
    """Add functional groups that all frames share."""
    shared = Dataset()
    for sequence, values in groups.items():
        item = Dataset()
        for keyword, value in values.items():
            setattr(item, keyword, value)
        setattr(shared, sequence, [item])
    ds.SharedFunctionalGroupsSequence = [shared]
    return ds


def unit_code(value: str) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "UCUM", value
    return [item]


MAP = "1.2.840.10008.5.1.4.1.1.30"
DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
FIXTURES: list[tuple[str, dict[str, Any], float, str]] = [
    ("ct", {"slope": 1, "intercept": -1024}, 100 - 1024, "HU"),
    ("ct half", {"slope": "0.5", "intercept": -1000}, 50 - 1000, "HU"),
    ("ct with type", {"slope": 2, "intercept": 0, "RescaleType": "HU"}, 200, "HU"),
    ("ct without unit", {"slope": 2, "intercept": 0, "RescaleType": "US"}, 200, ""),
    ("ct electron density", {"slope": "0.01", "intercept": 0, "RescaleType": "Z_EFF"}, 1, "Z"),
    ("ct iodine", {"slope": "0.1", "intercept": 0, "RescaleType": "MGML"}, 10, "mg/ml"),
    ("ct stored", {"slope": None}, 100, ""),
    ("only an intercept", {"slope": None, "RescaleIntercept": -24}, 76, "HU"),
    ("only a slope", {"slope": None, "RescaleSlope": 3}, 300, "HU"),
    ("mr", {"modality": "MR", "slope": None}, 100, ""),
    ("mr philips", {"modality": "MR", "slope": "1.5", "intercept": 10, "RescaleType": "normalized"}, 160, ""),
    ("pet", {"modality": "PT", "slope": "2.5", "intercept": 0, "Units": "BQML"}, 250, "Bq/ml"),
    ("pet with type", {"modality": "PT", "slope": "2.5", "intercept": 0, "Units": "BQML", "RescaleType": "US"}, 250,
     "Bq/ml"),
    ("pet counts", {"modality": "PT", "slope": "4", "intercept": 0, "Units": "CNTS"}, 400, "counts"),
    ("pet uptake", {"modality": "PT", "slope": "0.02", "intercept": 0, "Units": "GML"}, 2, "g/ml"),
    ("nm", {"modality": "NM", "slope": None}, 100, ""),
    ("film", {"modality": "CR", "slope": "0.01", "intercept": 0, "RescaleType": "OD"}, 1, "OD"),
    ("dose", {"modality": "RTDOSE", "sop_class": DOSE, "slope": None, "DoseGridScaling": "0.002",
              "DoseUnits": "GY"}, 0.2, "Gy"),
    ("relative dose", {"modality": "RTDOSE", "sop_class": DOSE, "slope": None, "DoseGridScaling": "0.5",
                       "DoseUnits": "RELATIVE"}, 50, ""),
    ("enhanced", {"sop_class": ENHANCED_CT, "slope": None, "functional": {"PixelValueTransformationSequence": {
        "RescaleSlope": 2, "RescaleIntercept": -1024, "RescaleType": "HU"}}}, 200 - 1024, "HU"),
    ("map", {"modality": "MR", "sop_class": MAP, "slope": None, "functional": {"RealWorldValueMappingSequence": {
        "RealWorldValueSlope": 0.001, "RealWorldValueIntercept": 0.0,
        "MeasurementUnitsCodeSequence": unit_code("mm2/s")}}}, 0.1, "mm²/s"),
    ("monochrome1", {"photometric": "MONOCHROME1", "slope": 1, "intercept": -1024}, 100 - 1024, "HU"),
]  # fmt: skip


@pytest.mark.hazard("H14")
@pytest.mark.parametrize(("name", "more", "value", "unit"), FIXTURES, ids=[row[0] for row in FIXTURES])
def test_a_stored_hundred_is_told_as_what_it_means(
    tmp_path: Path, name: str, more: dict[str, Any], value: float, unit: str
) -> None:
    groups = more.get("functional", {})
    options = {key: setting for key, setting in more.items() if key != "functional"}
    ds = functional(slice_dataset(np.full((4, 5), 100, np.uint16), **options), **groups)
    if not groups:
        del ds.SharedFunctionalGroupsSequence
    volume = read(save(tmp_path, [ds]))
    assert volume.unit == unit and np.allclose(volume.array, value, rtol=1e-6, atol=0)
    assert "unscaled" not in said(volume)


@pytest.mark.hazard("H14")
@pytest.mark.parametrize("slope", [b"0 ", b"1.0.0 ", b"abc ", b"nan ", b"1e99"])
def test_a_rescale_that_cannot_be_meant_is_said(tmp_path: Path, slope: bytes) -> None:
    """The numbers are those stored, without a unit; silently multiplied by one they would look like HU."""
    (path,) = save(tmp_path, [slice_dataset(np.full((4, 5), 100, np.uint16), slope="7.77", intercept=0)])
    whole = path.read_bytes()
    assert whole.count(b"DS\4\x007.77") == 1
    path.write_bytes(whole.replace(b"DS\4\x007.77", b"DS" + len(slope).to_bytes(2, "little") + slope))
    volume = read([path])
    assert "unscaled" in said(volume) and volume.unit == "" and np.all(volume.array == 100)


@pytest.mark.hazard("H14")
def test_a_dose_without_a_scale_that_can_be_read_is_no_dose(tmp_path: Path) -> None:
    ds = slice_dataset(np.full((4, 5), 100, np.uint16), modality="RTDOSE", sop_class=DOSE, slope=None, DoseUnits="GY",
                       DoseGridScaling="0")  # fmt: skip
    volume = read(save(tmp_path, [ds]))
    assert volume.unit == "" and "unscaled" in said(volume)


@pytest.mark.hazard("H13")
@pytest.mark.parametrize("compressed", [False, True])
def test_a_negative_has_the_values_of_its_positive(tmp_path: Path, pool: Pool, compressed: bool) -> None:
    stored = np.random.default_rng(0).integers(-500, 2000, (16, 18)).astype(np.int16)
    volumes = []
    for kind in ("MONOCHROME1", "MONOCHROME2"):
        ds = slice_dataset(stored, photometric=kind)
        if compressed:
            ds.compress(RLELossless)
        volumes.append(read(save(tmp_path / kind, [ds]), pool))
    assert volumes[0].array.mean() == volumes[1].array.mean() == pytest.approx(stored.mean() - 1024)
    assert [volume.acquisition.monochrome1 for volume in volumes] == [True, False]


@pytest.mark.hazard("H12")
@pytest.mark.parametrize("packed", [False, True])
def test_an_overlay_in_the_high_bits_is_no_part_of_the_values(tmp_path: Path, pool: Pool, packed: bool) -> None:
    """Retired, but found: bits 12 to 15 of a cell hold overlays."""
    random = np.random.default_rng(4)
    truth = random.integers(0, 4096, (16, 18)).astype(np.uint16)
    overlays = random.integers(0, 16, truth.shape).astype(np.uint16)
    ds = slice_dataset(truth | overlays << 12, BitsStored=12, HighBit=11, intercept=0)
    if packed:
        ds.compress(RLELossless)
    np.testing.assert_array_equal(read(save(tmp_path, [ds]), pool).array[0], truth)


# ------------------------------------------------------------------ padding


@pytest.mark.hazard("H16")
@pytest.mark.parametrize("share", [0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("limit", [None, -1990])
def test_padding_moves_neither_window_nor_mean(tmp_path: Path, share: float, limit: int | None) -> None:
    random = np.random.default_rng(2)
    inside = random.normal(1000, 200, (200, 100)).astype(np.int16)
    padded = np.full((200, round(100 / (1 - share))), -2000, np.int16)
    padded[:, :100] = inside
    if limit is not None:
        padded[:, 100:] += random.integers(0, 11, padded[:, 100:].shape).astype(np.int16)
    more = {"PixelPaddingValue": -2000} | ({"PixelPaddingRangeLimit": limit} if limit is not None else {})
    files = [slice_dataset(inside), slice_dataset(padded)]
    for keyword, value in more.items():
        setattr(files[1], keyword, value)
        files[1][keyword].VR = "SS"
    plain, masked = (histogram(read(save(tmp_path / str(n), [ds]))) for n, ds in enumerate(files))
    assert masked.total == plain.total and masked.mean == pytest.approx(plain.mean)
    assert auto_limits(masked) == pytest.approx(auto_limits(plain), abs=1)


@pytest.mark.hazard("H16")
def test_padding_of_zero_holds_where_every_slice_has_its_slope(tmp_path: Path) -> None:
    _, slices = stack(3, modality="PT", intercept=0)
    for ds, slope in zip(slices, ("0.5", "0.7", "1.1"), strict=True):
        ds.RescaleSlope, ds.PixelPaddingValue = slope, 0
        ds["PixelPaddingValue"].VR = "SS"
    assert read(save(tmp_path / "zero", slices)).padding == (0, 0)
    for ds in slices:
        ds.PixelPaddingValue = -5
    assert read(save(tmp_path / "other", slices)).padding is None


# ------------------------------------------------------------------ codecs


@pytest.mark.hazard("H17")
@pytest.mark.parametrize("syntax", [s for s in codecs.BUNDLED if s not in codecs.NATIVE])
def test_a_missing_codec_is_named_with_its_syntax(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syntax: str
) -> None:
    ds = slice_dataset(np.zeros((4, 4), np.int16))
    ds.compress(RLELossless)
    (path,) = save(tmp_path, [ds])
    record = read_record(path)
    assert record is not None and record.pixels is not None
    monkeypatch.setattr(codecs, "find_spec", lambda name: None)
    with pytest.raises(Refused) as refusal:
        decode({"path": str(path), "layout": vars(record.pixels) | {"syntax": syntax}, "frames": [0]})
    assert f"({syntax})" in str(refusal.value) and "Install the package" in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.hazard("H17")
@pytest.mark.parametrize("syntax", [*sorted({*AllTransferSyntaxes} - {*codecs.BUNDLED}), "1.3.46.670589.33.1.4.1"])
def test_a_syntax_nobody_reads_is_named(tmp_path: Path, pool: Pool, syntax: str) -> None:
    """Every one that the standard knows and Pellucid does not, and a private one: what it is and what to do."""
    ds = slice_dataset(np.zeros((4, 4), np.int16))
    ds.compress(RLELossless)
    (path,) = save(tmp_path, [ds])
    path.write_bytes(path.read_bytes().replace(b"UI\x14\x001.2.840.10008.1.2.5\0", stated(syntax)))
    with pytest.raises(Refused) as refusal:
        read([path], pool)
    said = str(refusal.value)
    assert f"({syntax})" in said and said.endswith("Convert it to an uncompressed form with another tool.")


def stated(syntax: str) -> bytes:
    """Return a UID as it is written after its tag."""
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    return b"UI" + len(value).to_bytes(2, "little") + value


@pytest.mark.hazard("H17")
@pytest.mark.hazard("H18")
def test_no_decoder_is_left_to_chance() -> None:
    """pydicom would prefer GDCM as soon as it can be imported."""
    for syntax in codecs.BUNDLED:
        if syntax not in codecs.NATIVE:
            assert codecs.plugin(syntax) in ("pellucid", "pillow", "pydicom", "pyjpegls", "pylibjpeg")


# ------------------------------------------------------------------ hostile files


@pytest.mark.hazard("H19")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_decoders_may_be_killed_while_a_series_is_read(
    tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost, nor what is read next."""
    stored, slices = stack(60, size=(64, 60))
    for ds in slices:
        ds.compress(RLELossless)
    paths = save(tmp_path, slices)
    doomed = {str(path) for path in (paths[0], *paths[29:31])}
    dying: set[WorkerProcess] = set()
    ask, wait = WorkerProcess.ask, WorkerProcess._wait

    def asked(worker: WorkerProcess, function: str, payload: dict[str, Any], *more: Any) -> Any:
        if payload["path"] in doomed:  # once: a file whose decoder dies twice is to blame
            doomed.remove(payload["path"])
            dying.add(worker)
        return ask(worker, function, payload, *more)

    def at_work(worker: WorkerProcess, *more: Any) -> None:
        if worker in dying:
            os.kill(worker.process.pid, signal.SIGKILL)
            os.waitid(os.P_PID, worker.process.pid, os.WEXITED | os.WNOWAIT)
        wait(worker, *more)

    monkeypatch.setattr(WorkerProcess, "ask", asked)
    monkeypatch.setattr(WorkerProcess, "_wait", at_work)
    volume = read(paths, pool)
    np.testing.assert_array_equal(volume.array, stored - 1024)
    assert not said(volume) and not doomed and len(dying) == 3
    assert read(paths[:1], pool).array.shape[0] == 1


@pytest.mark.hazard("H19")
def test_a_series_that_makes_no_sense_hurts_no_other(
    tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sorting = scan_module.one_series

    def fails(uid: str, *rest: Any) -> Any:
        return sorting(uid, *rest) if uid != "1.2.3.7" else [][1]

    monkeypatch.setattr(scan_module, "one_series", fails)
    slices = [slice_dataset(np.zeros((4, 4), np.int16), series=f"1.2.3.{n}") for n in (6, 7, 8)]
    found = scan(save(tmp_path, slices), pool=pool)
    assert [len(series.volumes) for series in found.series] == [1, 0, 1]
    assert "could not be understood" in found.series[1].findings[0].message


@pytest.mark.hazard("H20")
def test_a_decoder_that_runs_out_of_data_is_stopped_soon(tmp_path: Path, pool: Pool) -> None:
    """CharLS looks for a one in zeros that never end: it is cut short, not given up at the end of its time."""
    picture = imagecodecs.jpegls_encode(np.random.default_rng(0).integers(0, 4000, (24, 20)).astype(np.uint16))
    for k, cut in enumerate(range(100, len(picture), 40)):
        ds = slice_dataset(np.zeros((24, 20), np.uint16))
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.80"
        ds.PixelData = encapsulate([picture[:cut]])
        ds["PixelData"].VR = "OB"
        with pytest.raises(Refused, match=r"cut short|damaged"):
            read(save(tmp_path / str(k), [ds]), pool)


@pytest.mark.hazard("H20")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system cannot count processor time")
def test_processor_time_is_bounded_by_the_size_of_a_picture(tmp_path: Path) -> None:
    pool = Pool(workers=1)
    try:
        with pytest.raises(Refused, match="stopped the decoder"):
            pool.call("decoder_tasks:spin", {"path": str(tmp_path / "x.dcm"), "bytes": 1000}, deadline=HANG)
    finally:
        pool.close()


@pytest.mark.hazard("H21")
@pytest.mark.parametrize("frames", [5_000, 19_970_806, 2_000_000_000])
def test_frames_that_cannot_be_there_are_refused_by_their_number(tmp_path: Path, frames: int) -> None:
    (path,) = save(tmp_path, [slice_dataset(np.zeros((3, 8, 8), np.int16), NumberOfFrames=frames)])
    assert f"declares {frames} frames but holds the pixels of 3" in read_one(path)["problem"]


@pytest.mark.hazard("H21")
@pytest.mark.parametrize("syntax", ["80", "90"])
def test_a_picture_that_contradicts_its_header_is_refused(tmp_path: Path, pool: Pool, syntax: str) -> None:
    truth = np.random.default_rng(0).integers(0, 4000, (40, 60)).astype(np.uint16)
    for rows, columns, allocated, match in ((60, 40, 16, "60×40"), (40, 60, 8, "8")):
        ds = slice_dataset(truth)
        ds.compress(UID(f"1.2.840.10008.1.2.4.{syntax}"))
        ds.Rows, ds.Columns, ds.BitsAllocated = rows, columns, allocated
        ds.BitsStored = min(ds.BitsStored, allocated)
        with pytest.raises(Refused, match=match):
            read(save(tmp_path / f"{rows}{allocated}", [ds]), pool)


@pytest.mark.hazard("H22")
@pytest.mark.parametrize("megabytes", [100, 2048])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, megabytes: int) -> None:
    path = tmp_path / "bomb.dcm"
    path.write_bytes(bomb(megabytes))
    budget = max(64 << 20, 200 * path.stat().st_size)
    pool = MeasuredPool(workers=1, memory_cap_bytes=2 << 30)
    try:
        pool.call("pellucid.dicom.headers:read_headers", {"paths": []})
        before = peak_of(pool)
        (problem,) = scan([path], pool=pool).problems
        assert "unpacks to more than" in problem.sentence
        assert peak_of(pool) - before <= 1.25 * budget
        pool.measure_unit()
        assert pool.above(2.0) == []
        assert pool.answers[-1][0] <= 3 * pool.unit * max(budget / (UNIT_MEGABYTES << 20), 1)
    finally:
        pool.close()


def peak_of(pool: Pool) -> int:
    """Return the most memory that any worker ever had, 0 where the system does not tell."""
    peaks = [0]
    for pid in pool.pids:
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            peaks.append(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10)
    return max(peaks)


@pytest.mark.hazard("H23")
def test_every_depth_is_read_or_refused_by_a_sentence(tmp_path: Path) -> None:
    (path,) = save(tmp_path, [slice_dataset(np.zeros((4, 4), np.int16))])
    whole = path.read_bytes()
    start = whole.index(b"\x28\x00\x10\x00")
    for depth in (1, 2, 10, 99, 100, 101, 150, 500, 990, 1000, 2000, 10_000, 50_000, 100_000):
        for closed in (True, False):
            path.write_bytes(whole[:start] + nested(depth, closed=closed) + whole[start:])
            found = read_one(path)
            assert ("100 levels" in found["problem"]) if depth > 100 else "record" in found, (depth, closed)


def open_handles() -> int:
    """Return how many files, sockets and mappings by handle this process holds, 0 where the system does not tell."""
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0


def comes_to_be(state: Callable[[], bool]) -> bool:
    """Return whether something is so in the end: whoever is just being started holds more for a moment."""
    end = time.monotonic() + PATIENCE
    while not state() and time.monotonic() < end:
        time.sleep(0.005)
    return state()


@pytest.mark.hazard("H24")
def test_a_worker_retires_before_it_can_grow_old_and_leaves_nothing_here(tmp_path: Path) -> None:
    pool = Pool(workers=1)
    try:
        first = pool.call("decoder_tasks:echo", {})[0]["pid"]
        served = [pool.call("decoder_tasks:echo", {})[0]["pid"] for _ in range(100)]
        assert comes_to_be(lambda: len(pool.pids) == 2)  # the spare is there
        before, threads = open_handles(), set(threading.enumerate())
        served += [pool.call("decoder_tasks:echo", {})[0]["pid"] for _ in range(1000)]
        assert served.count(first) < 1000 and len(set(served)) > 1
        assert comes_to_be(lambda: len(pool.pids) == 2 and open_handles() <= before)
        assert comes_to_be(lambda: set(threading.enumerate()) <= threads)
        old = pool.call("decoder_tasks:echo", {})[0]["pid"]
        pool.call("decoder_tasks:large", {"bytes": 320 << 20}, deadline=HANG)
        assert pool.call("decoder_tasks:echo", {})[0]["pid"] != old
    finally:
        pool.close()


@pytest.mark.hazard("H24")
def test_the_memory_of_a_worker_does_not_grow_with_its_calls(tmp_path: Path, pool: Pool) -> None:
    """Whoever leaked would fail for the files that follow. ``benchmarks/long_session.py`` reads 100,000."""
    pixels = np.random.default_rng(0).integers(0, 999, (64, 64)).astype(np.uint16)
    calls = []
    for syntax in (RLELossless, UID("1.2.840.10008.1.2.4.80"), UID("1.2.840.10008.1.2.4.90")):
        ds = slice_dataset(pixels)
        ds.compress(syntax)
        (path,) = save(tmp_path / syntax, [ds])
        record = read_record(path)
        assert record is not None and record.pixels is not None
        decoding = {"path": str(path), "layout": vars(record.pixels), "frames": [0]}
        calls += [["pellucid.dicom.pixels:decode", decoding],
                  ["pellucid.dicom.headers:read_headers", {"paths": [str(path)]}]]  # fmt: skip
    damaged = tmp_path / "damaged"
    damaged.write_bytes(path.read_bytes()[:-900])
    calls.append(["pellucid.dicom.pixels:decode", decoding | {"path": str(damaged)}])
    counts = [700 * n for n in range(1, 7)]  # a worker serves a thousand
    found, _ = pool.call("decoder_tasks:many_times", {"calls": calls, "counts": counts}, deadline=600)
    assert found["failed"] == [0] * 6 + [counts[-1] // 7], "a file that can be read is read to the end, and no other"
    sizes = np.array(found["sizes"])
    if sizes.all():
        slope = np.polyfit(counts[1:], sizes[1:], 1)[0]
        assert slope < 512 and sizes[-1] < 1.05 * sizes[1], (slope, sizes)
