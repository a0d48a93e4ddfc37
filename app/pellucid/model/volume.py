"""An image that is never modified: SimpleITK pixels, their geometry and what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model import uptake
from pellucid.model.findings import Finding
from pellucid.model.geometry import Geometry
from pellucid.model.optics import Optics
from pellucid.model.rescale import Rescale
from pellucid.model.timing import NOWHEN, Moment
from pellucid.model.transfer import SIGMOID, STEPS, STRAIGHT, Kind, Transfer, ValueTable

if TYPE_CHECKING:
    import SimpleITK as sitk


@dataclass(frozen=True)
class WindowPreset:
    """A named window: level (centre) and width in modality values, with where it comes from.

    ``function`` is the VOI LUT Function of DICOM (``LINEAR``, ``LINEAR_EXACT``, ``SIGMOID``); with a ``table`` the
    window is the one in which the table holds as it is.
    """

    name: str
    level: float
    width: float
    source: str = ""
    function: str = "LINEAR"
    table: ValueTable | None = None

    def transfer(self, dtype: np.dtype[Any]) -> Transfer:
        """Return the curve for values of a type: LINEAR counts whole values and is a plain line for all others."""
        if self.table is not None:
            return Transfer(Kind.TABLE, table=self.table)
        if self.function == "SIGMOID":
            return SIGMOID
        return STEPS if self.function == "LINEAR" and dtype.kind in "iu" else STRAIGHT


_ACTIVITIES = ("Bq/ml", "g/ml", "cm²/ml", "counts")
"""Units of PET values that may become SUV; g/ml and cm²/ml are SUV already, as long as a header says by which size."""
_SHEARED, _SQUARE = frozenset({"tilt", "not-orthogonal"}), 1e-6
_SCREENS = frozenset({"US", "IVUS", "ES", "SC", "OT", "XA", "XC", "SR", "DOC"})
"""Modalities whose devices write texts into the picture."""


@dataclass(frozen=True)
class Acquisition:
    """Who and what was imaged, as the source says it; all fields may be empty."""

    modality: str = ""
    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    study_date: str = ""
    study_description: str = ""
    study_uid: str = ""
    series_description: str = ""
    series_number: str = ""
    series_uid: str = ""
    windows: tuple[WindowPreset, ...] = ()
    monochrome1: bool = False
    moment: Moment = NOWHEN
    """When this frame of a time series was taken."""
    optics: Optics | None = None
    """The optics of a microscope, where the file states them."""
    extra: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def suv_factor(self) -> float | None:
        """Return what a stored activity is multiplied with to become the SUV that was chosen, where that is known."""
        return uptake.factors(self.extra).get(uptake.chosen(self.extra))

    @property
    def may_be_burned_in(self) -> bool:
        """Tell whether the pixels themselves may name the patient (PS3.3 C.7.6.1.1.3).

        True where the file says so, and for pictures of screens and paper that do not say the contrary; ``extra``
        names the format of a plain picture file, which can say nothing.
        """
        stated = self.extra.get("burned_in", "").upper()
        return stated == "YES" or (
            stated != "NO" and (self.modality in _SCREENS or "picture" in self.extra)
        )


@dataclass(frozen=True, eq=False)
class Volume:
    """A scalar or colour image of modality values on a grid.

    ``unit`` is the unit of the values (``"HU"``, ``"SUV"``, ``"Bq/ml"``), ``""`` when it is not known.
    ``padding`` is the closed range of values that are not part of the image, or None.
    Identity answers "has it changed?": an edit always makes a new Volume.
    """

    image: sitk.Image
    geometry: Geometry
    unit: str = ""
    padding: tuple[float, float] | None = None
    acquisition: Acquisition = Acquisition()
    findings: tuple[Finding, ...] = ()
    rescale: Rescale | None = None
    """How the values come from those in the file; None when that is not known, and in everything computed."""

    @cached_property
    def array(self) -> NDArray[Any]:
        """Return a read-only view (z, y, x) or (z, y, x, c) that keeps the image alive."""
        import SimpleITK as sitk

        if "pinned" not in self.image.__dict__:  # asked for its memory again, the image may move: see operations.pixels
            interface = dict(sitk.GetArrayViewFromImage(self.image).__array_interface__)
            self.image.pinned = interface, sitk.Image(self.image)
        view = np.asarray(_KeptAlive(self.image.pinned[0], self.image))
        return view[np.newaxis] if self.image.GetDimension() == 2 else view

    @property
    def suv_factor(self) -> float | None:
        """Return what a value is multiplied with to become the SUV that was chosen; None where that is not known.

        Only activities have one: what a filter made of them in another unit is no uptake any more.
        """
        return self.acquisition.suv_factor if self.unit in _ACTIVITIES else None

    @property
    def told_in(self) -> tuple[float, str]:
        """Return the factor and the unit in which values are told: SUV where that is known, else as they are."""
        factor = self.suv_factor
        return (1.0, self.unit) if factor is None else (factor, uptake.NAMES[uptake.chosen(self.acquisition.extra)])

    @property
    def components(self) -> int:
        """Return the number of values per voxel: 1 for scalar images, 3 or 4 for colour."""
        return int(self.image.GetNumberOfComponentsPerPixel())

    @property
    def is_colour(self) -> bool:
        """Return whether the image has more than one value per voxel."""
        return self.components > 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the NumPy type of one value."""
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        """Return the size of the pixels in bytes."""
        return int(self.array.nbytes)

    def value_at(self, world: Any) -> Any:
        """Return the value of the voxel nearest to a world point (a tuple for colour), or None outside."""
        index = self.geometry.world_to_index(world)
        if not self.geometry.contains(index):
            return None
        x, y, z = (int(n) for n in np.floor(index + 0.5))
        value = self.array[z, y, x]
        return tuple(value.tolist()) if self.is_colour else value.item()

    def with_image(self, image: sitk.Image, **changes: Any) -> Volume:
        """Return the volume a filter made of this one: new pixels, geometry read from them, meaning kept.

        What the pixels cannot tell (known spacing, orientation, frame of reference) is taken over; uneven
        slice positions are kept only when the number of slices is unchanged.
        """
        old = self.geometry
        geometry = changes.pop("geometry", None) or replace(
            geometry_of(image),
            known_spacing=old.known_spacing,
            oriented=old.oriented,
            at_detector=old.at_detector,
            frame_of_reference=old.frame_of_reference,
        )
        if old.slice_positions is not None and geometry.size[2] == old.size[2]:
            geometry = replace(geometry, slice_positions=old.slice_positions)
        findings = still_true(self.findings, geometry)
        return replace(self, image=image, geometry=geometry, **{"rescale": None, "findings": findings, **changes})


def still_true(findings: tuple[Finding, ...], geometry: Geometry) -> tuple[Finding, ...]:
    """Return the findings that hold on another grid: axes at right angles are neither tilted nor skewed."""
    if geometry.orthonormality_error > _SQUARE:
        return findings
    return tuple(finding for finding in findings if finding.code not in _SHEARED)


class _KeptAlive:
    """Hand NumPy the memory of a SimpleITK image together with a reference to the image itself."""

    def __init__(self, interface: dict[str, Any], image: sitk.Image) -> None:
        self.image = image
        pointer, _ = interface["data"]
        self.__array_interface__ = interface | {"data": (pointer, True)}


def geometry_of(image: sitk.Image) -> Geometry:
    """Read the geometry a SimpleITK image carries; a 2-D image becomes one slice with a z axis of its own."""
    size, spacing, origin = image.GetSize(), image.GetSpacing(), image.GetOrigin()
    if image.GetDimension() == 3:
        return Geometry(tuple(size), tuple(spacing), tuple(origin), tuple(image.GetDirection()))
    a, b, c, d = image.GetDirection()
    direction = (a, b, 0.0, c, d, 0.0, 0.0, 0.0, a * d - b * c)
    return Geometry((*size, 1), (*spacing, 1.0), (*origin, 0.0), direction)


def image_from_array(array: NDArray[Any], geometry: Geometry, *, colour: bool = False) -> sitk.Image:
    """Copy a (z, y, x[, c]) array into a SimpleITK image that carries the geometry."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(array, isVector=colour)
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin)
    image.SetDirection(geometry.direction)
    return image
