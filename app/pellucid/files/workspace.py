"""Save and reopen the work in one file, `.pellucid`: a zip of `manifest.json` and raw arrays with SHA-256
digests.

An image whose pixels are still those of its source (no provenance) is kept as a reference: relative paths and
a digest. Everything else, and every label map, is in the file; what an image without a source was before its first
step, too. Nothing in it is code: no pickle, every field
checked, sizes checked before memory is taken, digests compared after. The manifest may name the patient, as
the images do.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pellucid.dicom.child import Cancelled
from pellucid.files.contour_entries import contours_of
from pellucid.files.entries import ArrayEntry
from pellucid.files.limits import check_memory
from pellucid.files.manifest import SCHEMA_VERSION, ImageEntry, LabelEntry, Manifest
from pellucid.files.older_works import upgraded
from pellucid.files.placement_entries import placement_of
from pellucid.files.raw import IsCancelled, Progress
from pellucid.files.safe_write import replacing
from pellucid.files.sources import absolute, digest, relative
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.label_snapshots import KeptVoxels

_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 256 << 20
_MOST_MEMBERS = 20_000
_STEP = 8 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Missing:
    """A source that is not where it was; the user is asked for it."""

    layer_id: str
    name: str
    paths: tuple[str, ...]


class Arrays(Mapping[str, NDArray[Any]]):
    """Arrays by member name, some of them label maps as they were."""

    def __init__(self, arrays: Mapping[str, NDArray[Any] | KeptVoxels]) -> None:
        self._arrays = arrays

    def __getitem__(self, member: str) -> NDArray[Any]:
        held = self._arrays[member]
        return held.array if isinstance(held, KeptVoxels) else held

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


@dataclass(frozen=True, eq=False)
class WorkspaceState:
    """A saved work as plain data: the manifest (paths absolute) and its arrays by member name."""

    manifest: Manifest
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()


def save(
    path: Path,
    state: WorkspaceState,
    *,
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
) -> None:
    """Write a work; it is read back and compared before the old file goes.

    Raises Refused with a sentence when it cannot be written, Cancelled when told to stop; the old file then
    stays.
    """
    path = Path(path)
    nbytes = sum(array.nbytes for array in state.arrays.values())
    with replacing(path, needs=nbytes // 10) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            done, digests = 0, {}
            for member, array in state.arrays.items():
                digests[member] = _write_array(file, member, array, cancelled)
                done += array.nbytes
                progress(0.8 * done / max(1, nbytes))
            manifest = _to_disk(state.manifest, digests, path.absolute().parent)
            _write_member(file, _MANIFEST, manifest.model_dump_json(indent=1).encode("utf-8", "backslashreplace"))
        with zipfile.ZipFile(temporary) as file:
            if _manifest_of(file, path.name) != manifest:
                raise Refused(tr("{name} was not kept: what was written does not read back the same.", name=path.name))
            for entry in manifest.arrays():
                _compare(file, entry, path.name, cancelled)
    progress(1.0)


def load(path: Path, *, progress: Progress = lambda _: None, cancelled: IsCancelled = lambda: False) -> WorkspaceState:
    """Read a saved work; sources that are gone are listed in ``missing``.

    Raises Refused with a sentence when the file is damaged, too large, or of a newer version.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as file:
            manifest = _manifest_of(file, path.name)
            entries = manifest.arrays()
            check_memory(path.name, sum(entry.nbytes for entry in entries), f"{len(entries)} arrays")
            arrays = {}
            for n, entry in enumerate(entries, 1):
                arrays[entry.member] = _read_array(file, entry, path.name, cancelled)
                progress(n / len(entries))
            for placement in manifest.placements:
                placement_of(placement, arrays)  # a transform that is none is damage, said before anything is shown
            for layer in manifest.layers:
                if isinstance(layer, LabelEntry):
                    contours_of(layer, arrays)
    except OSError as error:
        reason = (error.strerror or tr("the system refused it")).lower()
        raise Refused(tr("{name} could not be opened: {reason}.", name=path.name, reason=reason)) from error
    except _DAMAGE as error:
        raise _damaged(path.name) from error
    manifest = _from_disk(manifest, path.absolute().parent)
    return WorkspaceState(manifest, arrays, tuple(_missing(manifest)))


def _damaged(name: str) -> Refused:
    return Refused(
        tr("{name} is damaged or is not a saved work of Pellucid. Use a backup of it if you have one.", name=name)
    )


def _missing(manifest: Manifest) -> Iterator[Missing]:
    for layer in manifest.layers:
        if isinstance(layer, ImageEntry) and not layer.frames:
            gone = tuple(path for path in layer.source.paths if not Path(path).is_file())
            if gone:
                yield Missing(layer.id, layer.name, gone)


def _to_disk(manifest: Manifest, digests: Mapping[str, str], folder: Path) -> Manifest:
    """Return the manifest as it is written: relative paths, digests of arrays and sources filled in."""
    known: dict[tuple[str, ...], str] = {}

    def convert(layer: dict[str, Any]) -> None:
        paths = tuple(layer["source"]["paths"])
        if paths not in known:
            known[paths] = digest(paths) if paths else ""
        layer["source"]["sha256"] = layer["source"]["sha256"] or known[paths]
        layer["source"]["paths"] = [relative(path, folder) for path in paths]
        labels = layer["kind"] == "labels"
        arrays = [holder["array"] for holder in ([layer] if labels else [*layer["frames"], *layer["base"]])]
        if labels and layer["contours"]:
            arrays.append(layer["contours"]["points"])
        for array in arrays:
            array["sha256"] = digests[array["member"]]

    return _changed(manifest, convert, digests)


def _from_disk(manifest: Manifest, folder: Path) -> Manifest:
    def convert(layer: dict[str, Any]) -> None:
        layer["source"]["paths"] = [absolute(path, folder) for path in layer["source"]["paths"]]

    return _changed(manifest, convert)


def _changed(manifest: Manifest, convert: Any, digests: Mapping[str, str] | None = None) -> Manifest:
    data = manifest.model_dump(mode="json")
    for layer in data["layers"]:
        convert(layer)
    for placement in data["placements"]:
        for holder in [*placement["pieces"], placement["warp"] or {}]:
            if digests is not None and (array := holder.get("array")) is not None:
                array["sha256"] = digests[array["member"]]
    return Manifest.model_validate(data)


def _write_member(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    file.writestr(_info(name), data)


def _info(name: str) -> zipfile.ZipInfo:
    """Return a member without a date, so that the same work gives the same bytes."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _write_array(file: zipfile.ZipFile, member: str, array: NDArray[Any], cancelled: IsCancelled) -> str:
    """Write the numbers little-endian and return their digest."""
    total = hashlib.sha256()
    rows = max(1, _STEP // max(1, array[0].nbytes))
    with file.open(_info(member), "w", force_zip64=array.nbytes > 1 << 30) as out:
        for start in range(0, len(array), rows):
            if cancelled():
                raise Cancelled
            piece = np.ascontiguousarray(array[start : start + rows], array.dtype.newbyteorder("<")).tobytes()
            total.update(piece)
            out.write(piece)
    return total.hexdigest()


def _manifest_of(file: zipfile.ZipFile, name: str) -> Manifest:
    """Read and check the manifest; refuse what a newer version wrote."""
    if len(file.infolist()) > _MOST_MEMBERS:
        raise _damaged(name)
    info = _member(file, _MANIFEST)
    if info.file_size > _LARGEST_MANIFEST:
        raise _damaged(name)
    with file.open(info) as member:
        text = member.read(_LARGEST_MANIFEST)
    try:
        data = json.loads(text)
        version = data.get("schema_version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise Refused(
                tr(
                    "{name} was saved by a newer Pellucid (format {version}; this one reads up to "
                    "{known}). Update Pellucid to open it.",
                    name=name,
                    version=version,
                    known=SCHEMA_VERSION,
                )
            )
        return Manifest.model_validate(upgraded(data, version) if isinstance(version, int) else data)
    except (ValidationError, RecursionError) as error:
        raise _damaged(name) from error


def _member(file: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Return a member; raise KeyError or ValueError when it is not there or is packed in a way we never
    use.
    """
    info = file.getinfo(name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 0x1:
        raise ValueError(name)
    return info


def _pieces(file: zipfile.ZipFile, entry: ArrayEntry, cancelled: IsCancelled) -> Iterator[bytes]:
    """Give exactly the declared bytes of an array; raise ValueError when there are more or fewer."""
    info = _member(file, entry.member)
    if info.file_size != entry.nbytes:
        raise ValueError(entry.member)
    left = entry.nbytes
    with file.open(info) as member:
        while left:
            if cancelled():
                raise Cancelled
            piece = member.read(min(_STEP, left))
            if not piece:
                raise EOFError(entry.member)
            left -= len(piece)
            yield piece


def _read_array(file: zipfile.ZipFile, entry: ArrayEntry, name: str, cancelled: IsCancelled) -> NDArray[Any]:
    array = np.empty(entry.shape, np.dtype(entry.dtype).newbyteorder("<"))
    flat = array.reshape(-1).view(np.uint8)
    total, done = hashlib.sha256(), 0
    for piece in _pieces(file, entry, cancelled):
        total.update(piece)
        flat[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
    if total.hexdigest() != entry.sha256:
        raise _damaged(name)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _compare(file: zipfile.ZipFile, entry: ArrayEntry, name: str, cancelled: IsCancelled) -> None:
    total = hashlib.sha256()
    for piece in _pieces(file, entry, cancelled):
        total.update(piece)
    if total.hexdigest() != entry.sha256:
        raise Refused(tr("{name} was not kept: what was written does not read back the same.", name=name))
