"""Write the de-identified copy of one file. Runs in a worker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.deidentify import black_out, classes, cleaning, leaks
from pellucid.dicom.deidentify.identities import new_uid
from pellucid.dicom.deidentify.marks import mark_dataset
from pellucid.dicom.deidentify.plan import Plan
from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pydicom import Dataset

_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_LARGEST_FILE = 1 << 30


def copy(payload: dict[str, Any]) -> dict[str, Any]:
    """Write a copy of ``payload["path"]`` to ``payload["target"]``; answer what was done. Raises Refused.

    Without a target nothing is written: that is the preview.
    """
    plan = Plan.from_json(payload["plan"])
    rectangles = tuple((x, y, w, h) for x, y, w, h in payload["rectangles"])
    dataset = _read(Path(payload["path"]))
    words = leaks.words_of(dataset)
    cleaner = cleaning.cleaner_for(dataset, plan, payload["secret"], payload["code"])
    blackened = _blacken(dataset, rectangles)
    cleaner.clean(dataset)
    mark_dataset(dataset, plan, pixels_cleaned=plan.pixels_confirmed)
    _clean_file_meta(dataset, payload["secret"])
    left = _write(dataset, Path(payload["target"]), words) if payload.get("target") else 0
    return {"changes": [list(row) for row in cleaning.described(cleaner.changes)], "blackened": blackened, "left": left}


def _read(path: Path) -> Dataset:
    from pydicom import dcmread

    if path.stat().st_size > _LARGEST_FILE:
        raise Refused(tr("it is larger than {gigabytes:g} GB", gigabytes=_LARGEST_FILE / (1 << 30)))
    try:
        dataset = dcmread(path)
        dataset.decode()  # text is written again: it has to be understood first
    except Exception:
        raise Refused(tr("it is damaged and could not be read")) from None
    if reason := classes.refusal(str(dataset.get("SOPClassUID", ""))):
        raise Refused(reason)
    if "TransferSyntaxUID" not in dataset.file_meta:
        raise Refused(tr("it does not say how it is written"))
    _check_pixels(dataset)
    return dataset


def _check_pixels(dataset: Dataset) -> None:
    """Refuse pixels that are cut off: a copy must not look whole."""
    if "PixelData" not in dataset or dataset.file_meta.TransferSyntaxUID.is_compressed:
        return
    try:
        from pydicom.pixels.utils import get_expected_length

        expected = get_expected_length(dataset)
    except Exception:
        raise Refused(tr("its pixels are not described")) from None
    if len(dataset.PixelData) < expected:
        raise Refused(tr("its pixels are cut off"))


def _blacken(dataset: Dataset, rectangles: tuple[tuple[int, int, int, int], ...]) -> int:
    hidden = black_out.has_embedded_overlay(dataset)
    if not rectangles and not hidden:
        return 0
    try:
        return black_out.make_black(dataset, rectangles)
    except (Refused, MemoryError):
        raise
    except Exception:
        raise Refused(tr("its pixels cannot be read, so nothing in them can be made black")) from None


def _clean_file_meta(dataset: Dataset, secret: str) -> None:
    """Write a new file meta: what sent the file, and what wrote it, is gone."""
    from pydicom.dataset import FileMetaDataset

    meta, old = FileMetaDataset(), dataset.file_meta
    meta.TransferSyntaxUID = old.TransferSyntaxUID
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    if not dataset.get("SOPInstanceUID"):
        dataset.SOPInstanceUID = new_uid(secret, str(old.get("MediaStorageSOPInstanceUID", "none")))
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta = meta
    dataset.preamble = bytes(128)


def _write(dataset: Dataset, target: Path, words: frozenset[str]) -> int:
    """Write beside the target and rename; return how many old identifiers are found in what was written."""
    temporary = target.with_suffix(".part")
    try:
        dataset.save_as(temporary, enforce_file_format=True)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        left = leaks.count_in(_without_pixels(temporary), words)
        temporary.replace(target)
    except OSError as error:
        raise Refused(tr("its copy could not be written: {reason}", reason=error.strerror or "")) from None
    except (ValueError, TypeError, AttributeError, UnicodeError, OverflowError, NotImplementedError):
        raise Refused(tr("it holds values that cannot be written")) from None
    finally:
        temporary.unlink(missing_ok=True)
    return left


def _without_pixels(path: Path) -> bytes:
    from pydicom import dcmread

    dataset = dcmread(path, defer_size=1 << 16)
    data = path.read_bytes()
    for tag in _PIXELS:
        if tag in dataset:
            where = dataset.get_item(tag)
            start = getattr(where, "value_tell", 0)
            return data[:start] if start else data
    return data
