"""``pellucid convert`` makes the same picture of every file that holds it: fifteen syntaxes of one slice, one test
pattern in five colour encodings. Lossless is exact; lossy is within three levels of dcmtk, and close to the slice.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from command_line import Run
from dicom_judges import tool

pytestmark = [pytest.mark.data, pytest.mark.filterwarnings("ignore::UserWarning")]

SLICE, PATTERN = "transfer_syntaxes/CTImage_", "color_palette/TestPattern_"
LOSSLESS = ["1.2", "1.2.1.99", "1.2.2", "1.2.4.57", "1.2.4.70", "1.2.4.80", "1.2.4.90", "1.2.5"]
LOSSY = {"1.2.4.50": 3, "1.2.4.51": 20, "1.2.4.53": 20, "1.2.4.55": 20, "1.2.4.81": 1, "1.2.4.91": 6}
"""How many levels of its own a compressed slice may be off anywhere; what 12 bits of JPEG lost is in the files."""


def converted(pellucid: Run, path: Path, folder: Path) -> sitk.Image:
    out = folder / f"{path.stem}.nrrd"
    done = pellucid("convert", path, out, "--accept-loss")
    assert done.code == 0, done.err
    return sitk.ReadImage(str(out))


def pixels(image: sitk.Image) -> NDArray[np.float64]:
    return sitk.GetArrayFromImage(image).astype(float)


def named(data: Path, syntax: str) -> Path:
    (path,) = (data / "transfer_syntaxes").glob(f"CTImage_*_1.2.840.10008.{syntax}.dcm")
    return path


def by_dcmtk(path: Path, folder: Path) -> NDArray[np.float64]:
    """Return the values of a compressed slice as dcmtk decodes it, rescaled."""
    out = folder / "plain.dcm"
    program = "dcmdjpls" if path.name.endswith(".81.dcm") else "dcmdjpeg"
    subprocess.run([program, path, out], check=True, capture_output=True)
    ds = pydicom.dcmread(out)
    return ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)


@pytest.mark.hazard("H17")
@pytest.mark.hazard("H18")
def test_one_slice_in_fifteen_syntaxes(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    truth = pydicom.dcmread(data_dir / f"{SLICE}explicit_le.dcm")
    values = truth.pixel_array * float(truth.RescaleSlope) + float(truth.RescaleIntercept)
    plain = converted(pellucid, data_dir / f"{SLICE}explicit_le.dcm", tmp_path)
    np.testing.assert_array_equal(pixels(plain)[0], values)
    for syntax in (*LOSSLESS, *LOSSY):
        path = named(data_dir, syntax)
        assert pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID == f"1.2.840.10008.{syntax}"
        image = converted(pellucid, path, tmp_path)
        assert (image.GetSpacing(), image.GetOrigin(), image.GetDirection()) == (
            plain.GetSpacing(), plain.GetOrigin(), plain.GetDirection())  # fmt: skip
        difference = np.abs(pixels(image)[0] - values)
        if syntax in LOSSLESS:
            assert difference.max() == 0, syntax
            continue
        level = float(pydicom.dcmread(path, stop_before_pixels=True).RescaleSlope)
        assert difference.max() <= LOSSY[syntax] * level and difference.mean() <= 2 * level, syntax
        if syntax != "1.2.4.91" and shutil.which("dcmdjpeg"):  # JPEG 2000: test_reference_decoders.py
            assert np.abs(pixels(image)[0] - by_dcmtk(path, tmp_path)).max() <= 3 * level + 1e-3, syntax
    files = {path.name for path in (data_dir / "transfer_syntaxes").glob("CTImage_*")}
    assert len(files) == 15 == 1 + len(LOSSLESS) + len(LOSSY)


def test_one_colour_picture_in_both_kinds_of_high_throughput_jpeg_2000(
    data_dir: Path, pellucid: Run, tmp_path: Path
) -> None:
    exact, lossy = (pixels(converted(pellucid, data_dir / f"transfer_syntaxes/{name}_08_RGB.dcm", tmp_path))
                    for name in ("HTJ2KLossless", "HTJ2K"))  # fmt: skip
    assert exact.shape == (480, 640, 3) and len(np.unique(exact)) > 200
    difference = np.abs(exact - lossy)
    assert difference.mean() <= 3 and np.percentile(difference, 99) <= 20


@pytest.mark.hazard("H15")
def test_one_pattern_in_five_encodings(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    pattern = pixels(converted(pellucid, data_dir / f"{PATTERN}JPEG-LS-Lossless.dcm", tmp_path))
    stored = pydicom.dcmread(data_dir / f"{PATTERN}JPEG-LS-Lossless.dcm").pixel_array
    np.testing.assert_array_equal(pattern.reshape(stored.shape), stored)
    for name in ("Palette", "Palette_16", "JPEG-Baseline_YBRFull", "JPEG-Baseline_YBR422"):
        difference = np.abs(pixels(converted(pellucid, data_dir / f"{PATTERN}{name}.dcm", tmp_path)) - pattern)
        assert difference.mean() <= 1 and np.percentile(difference, 99) <= 12, name


@pytest.mark.hazard("H15")
def test_colours_are_those_of_dcmtk(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    tool("dcmj2pnm")
    paths = [*sorted((data_dir / "color_palette").glob("*.dcm")), *sorted((data_dir / "cine").glob("us_*.dcm"))]
    assert len(paths) == 9
    for path in paths:
        image = pixels(converted(pellucid, path, tmp_path))
        source = path
        if "JPEG-LS" in path.name:
            source = tmp_path / "plain.dcm"
            subprocess.run(["dcmdjpls", path, source], check=True, capture_output=True)
        shown = tmp_path / "shown.ppm"
        subprocess.run(["dcmj2pnm", "--write-raw-pnm", source, shown], check=True, capture_output=True)
        theirs = np.asarray(Image.open(shown)).astype(float)
        assert theirs.ndim == 3 and np.abs(image.reshape(-1, *theirs.shape)[0] - theirs).max() <= 3, path.name
