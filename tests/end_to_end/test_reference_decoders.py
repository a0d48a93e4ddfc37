"""Every compressed file decodes as an independent decoder does it: dcmtk for JPEG, JPEG-LS and RLE, OpenJPEG of
another package and OpenJPH for JPEG 2000. Lossless is exact, lossy within three levels (H18)."""

from __future__ import annotations

import subprocess
from dataclasses import asdict
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import get_frame

from dicom_judges import tool
from pellucid.dicom import codecs
from pellucid.dicom.headers import read_record
from pellucid.dicom.pixels import decode

pytestmark = [pytest.mark.hazard("H18"), pytest.mark.filterwarnings("ignore::UserWarning")]

JPEG = "1.2.840.10008.1.2.4."
PROGRAMS = {**{JPEG + n: "dcmdjpeg" for n in ("50", "51", "53", "55", "57", "70")},
            **{JPEG + n: "dcmdjpls" for n in ("80", "81")}, "1.2.840.10008.1.2.5": "dcmdrle"}  # fmt: skip
EXAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"
BROKEN = {"JPEG2000-embedded-sequence-delimiter.dcm"}
"""Made to be broken: its size is overwritten."""


def compressed(folder: Path) -> list[Path]:
    """Return the files of a folder that are compressed and hold what is shown as it is stored."""
    found = []
    for path in sorted(folder.rglob("*.dcm")):
        try:
            record = read_record(path)
        except Exception:
            continue
        if record is not None and record.pixels is not None and record.pixels.syntax not in codecs.NATIVE:
            if path.name not in BROKEN and record.pixels.encapsulated:
                found.append(path)
    return found


def reference(path: Path, folder: Path) -> np.ndarray | None:
    """Return the first frame as somebody else decodes it; None where nobody else does."""
    record = read_record(path)
    assert record is not None and record.pixels is not None
    layout = record.pixels
    program = PROGRAMS.get(layout.syntax)
    if program is not None:
        out = folder / "plain.dcm"
        options = ["+cn"] if program == "dcmdjpeg" and layout.samples == 1 else []
        done = subprocess.run([program, *options, path, out], capture_output=True)
        if done.returncode:
            return None
        ds = pydicom.dcmread(out)
        ds.BitsStored = ds.BitsAllocated if layout.samples > 1 else ds.BitsStored
        array = ds.pixel_array
        frames = int(ds.get("NumberOfFrames", 1) or 1)
        return array[0] if frames > 1 else array
    with path.open("rb") as file:
        file.seek(layout.offset)
        picture = get_frame(file, 0, number_of_frames=layout.frames)
    # the OpenJPH of imagecodecs lets white of a lossy picture come back as black (657 samples of HTJ2K_08_RGB.dcm)
    read = imagecodecs.htj2k_decode if layout.syntax[-3:] in ("201", "202") else imagecodecs.jpeg2k_decode
    return np.asarray(read(picture))


def check(paths: list[Path], folder: Path) -> int:
    compared = 0
    for path in paths:
        theirs = reference(path, folder)
        record = read_record(path)
        if theirs is None or record is None or record.pixels is None:
            continue
        layout = record.pixels
        plain = asdict(layout) | {"tables": False}
        if layout.photometric == "PALETTE COLOR":
            plain["photometric"] = "MONOCHROME2"
        ours = decode({"path": str(path), "layout": plain, "frames": [0]})[1][0][0].astype(np.int64)
        if layout.samples == 3 and layout.allocated == 32:
            theirs = theirs >> 16
        if layout.signed and theirs.dtype.kind == "u":  # a picture that does not know of signs
            theirs = theirs.astype(np.int64)
            theirs = np.where(theirs >= 1 << (layout.stored - 1), theirs - (1 << layout.stored), theirs)
        most = 3 if layout.syntax in codecs.LOSSY or (layout.samples == 3 and "YBR" in layout.photometric) else 0
        difference = np.abs(ours - theirs.astype(np.int64).reshape(ours.shape))
        assert difference.max() <= most, (path.name, int(difference.max()), float(difference.mean()))
        compared += 1
    return compared


def test_examples_decode_as_others_do(tmp_path: Path) -> None:
    tool("dcmdjpeg")
    assert check(compressed(EXAMPLES), tmp_path) >= 30


@pytest.mark.data
@pytest.mark.parametrize("folder", ["transfer_syntaxes", "color_palette", "ct_enhanced_2frame", "cine", "cr_dx_mg"])
def test_real_images_decode_as_others_do(tmp_path: Path, data_dir: Path, folder: str) -> None:
    tool("dcmdjpeg")
    assert check(compressed(data_dir / folder), tmp_path) >= 1
