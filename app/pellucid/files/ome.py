"""What the OME-XML of a file says: lengths of voxels and the optics of every channel of its first image.

Source: the OME data model, 2016-06 (Pixels, Channel, Objective, ObjectiveSettings). A document with a DTD is not read:
OME-XML has none, and entities are a way to make a small text swallow the memory.
"""

from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

_MM = {
    "m": 1000.0, "dm": 100.0, "cm": 10.0, "mm": 1.0, "µm": 1e-3, "μm": 1e-3, "um": 1e-3, "micron": 1e-3,
    "microns": 1e-3, "micrometer": 1e-3, "\\u00b5m": 1e-3, "nm": 1e-6, "å": 1e-7, "pm": 1e-9,
    "inch": 25.4, "in": 25.4, "ft": 304.8, "centimeter": 10.0, "millimeter": 1.0, "nanometer": 1e-6,
}  # fmt: skip
_IMMERSION = {"oil": "oil", "water": "water", "waterdipping": "water", "air": "air", "glycerol": "glycerol"}
_SECONDS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
_TEXT = 80
"""Letters that are kept of a name a file gives."""


def spacing(xml: str) -> list[float | None]:
    """Return PhysicalSizeX, Y, Z of the first image in mm; the standard's default unit is µm."""
    pixels = _first(_root(xml), "Pixels")
    if pixels is None:
        return [None, None, None]
    return [length_mm(pixels.get(f"PhysicalSize{a}"), pixels.get(f"PhysicalSize{a}Unit", "µm")) for a in "XYZ"]


def optics(xml: str) -> list[dict[str, Any]]:
    """Return the optics of every channel of the first image as plain data: fields of ``model.optics.Optics``."""
    root = _root(xml)
    image = _first(root, "Image")
    pixels = _first(image, "Pixels")
    if root is None or image is None or pixels is None:
        return []
    common = _objective(root, image)
    channels = [element for element in pixels if _tag(element) == "Channel"]
    found = [{**common, **_channel(channel)} for channel in channels] or [common]
    return found if any(_says_something(row) for row in found) else []


def time_step(xml: str) -> float | None:
    """Return TimeIncrement of the first image in s (the standard's default unit), None where it is not stated."""
    pixels = _first(_root(xml), "Pixels")
    if pixels is None:
        return None
    factor = _SECONDS.get(pixels.get("TimeIncrementUnit", "s").strip())
    value = _positive(pixels.get("TimeIncrement"))
    return value * factor if factor and value is not None else None


def length_mm(number: Any, unit: str) -> float | None:
    """Return a length in mm, or None when it is missing, not positive, or of a unit that is no length."""
    factor = _MM.get(unit.strip().lower())
    value = _positive(number)
    return value * factor if factor and value is not None and math.isfinite(value * factor) else None


def _objective(root: ElementTree.Element, image: ElementTree.Element) -> dict[str, Any]:
    """Return what is said of the objective the first image was taken with."""
    settings = _first(image, "ObjectiveSettings")
    wanted = settings.get("ID", "") if settings is not None else ""
    objectives = [element for element in root.iter() if _tag(element) == "Objective"]
    objective = next((element for element in objectives if element.get("ID") == wanted), None)
    if objective is None and len(objectives) == 1:
        objective = objectives[0]
    said: dict[str, Any] = {"index": _positive(settings.get("RefractiveIndex")) if settings is not None else None}
    medium = settings.get("Medium", "") if settings is not None else ""
    if objective is not None:
        medium = medium or objective.get("Immersion", "")
        power = objective.get("CalibratedMagnification") or objective.get("NominalMagnification")
        said["magnification"] = _positive(power)
        said["na"] = _positive(objective.get("LensNA"))
        said["objective"] = objective.get("Model", "")[:_TEXT]
    said["immersion"] = _IMMERSION.get(medium.strip().lower(), "")
    return said


def _channel(channel: ElementTree.Element) -> dict[str, Any]:
    wavelength = None
    for kind in ("Emission", "Excitation"):
        unit = channel.get(f"{kind}WavelengthUnit", "nm")
        millimetres = length_mm(channel.get(f"{kind}Wavelength"), unit)
        if wavelength is None and millimetres is not None:
            wavelength = round(millimetres * 1e6, 3)
    mode = channel.get("AcquisitionMode", "")
    return {"wavelength_nm": wavelength, "channel": channel.get("Name", "")[:_TEXT], "confocal": "Confocal" in mode}


def _says_something(row: dict[str, Any]) -> bool:
    return any(value for value in row.values())


def _root(xml: str) -> ElementTree.Element | None:
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        return None
    try:
        return ElementTree.fromstring(xml)  # noqa: S314 - no DTD, in a child with a memory cap and a deadline
    except ElementTree.ParseError:
        return None


def _first(within: ElementTree.Element | None, tag: str) -> ElementTree.Element | None:
    if within is None:
        return None
    return next((element for element in within.iter() if _tag(element) == tag), None)


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _positive(number: Any) -> float | None:
    try:
        value = float(number)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) and value > 0 else None
