"""What the values by which frames differ are called: in words, by their DICOM keyword and tag, with their unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pellucid.language import mark, tr


@dataclass(frozen=True)
class Tag:
    """An element as the standard, or its manufacturer, names it."""

    keyword: str
    number: int

    def __str__(self) -> str:
        return f"{self.keyword} ({self.number >> 16:04x},{self.number & 0xFFFF:04x})"


@dataclass(frozen=True)
class Named:
    """A dimension in words, how one of its values reads, and the elements it is read from, the usual one first."""

    title: str
    value: str
    tags: tuple[Tag, ...]


def _named(title: str, value: str, *tags: tuple[str, int]) -> Named:
    return Named(title, value, tuple(Tag(*tag) for tag in tags))


DIMENSIONS: dict[str, Named] = {
    "segment": _named(mark("segment"), mark("segment {n}"), ("ReferencedSegmentNumber", 0x0062000B)),
    "stack": _named(mark("stack"), mark("stack {n}"), ("StackID", 0x00209056)),
    "type": _named(mark("image type"), "{n}", ("ImageType", 0x00080008), ("FrameType", 0x00089007)),
    "raw type": _named(mark("kind of raw data"), mark("raw data {n}"), ("RawDataType", 0x0043102F)),
    "label": _named(mark("arterial spin labelling"), "{n}", ("ASLContext", 0x00189257)),
    "detector": _named(mark("detector"), mark("detector {n}"), ("DetectorVector", 0x00540020)),
    "energy window": _named(mark("energy window"), mark("energy window {n}"), ("EnergyWindowVector", 0x00540010)),
    "echo": _named(mark("echo number"), mark("echo {n}"), ("EchoNumbers", 0x00180086)),
    "echo time": _named(mark("echo time"), mark("TE {n} ms"), ("EchoTime", 0x00180081),
                        ("EffectiveEchoTime", 0x00189082)),
    "temporal": _named(mark("temporal position"), mark("temporal position {n}"),
                       ("TemporalPositionIdentifier", 0x00200100), ("TemporalPositionIndex", 0x00209128)),
    "diffusion": _named(mark("b-value"), "{n}", ("DiffusionBValue", 0x00189087), ("Slop_int_6", 0x00431039),
                        ("B_value", 0x0019100C), ("DiffusionBFactor", 0x20011003)),
    "cardiac phase": _named(mark("cardiac phase"), mark("cardiac phase {n} %"),
                            ("NominalPercentageOfCardiacPhase", 0x00209241)),
    "phase number": _named(mark("cardiac phase number"), mark("phase {n}"), ("PhaseNumber", 0x20011008)),
    "respiratory phase": _named(mark("respiratory phase"), mark("respiratory phase {n} %"),
                                ("NominalPercentageOfRespiratoryPhase", 0x00209245)),
    "trigger": _named(mark("trigger time"), mark("trigger {n} ms"), ("TriggerTime", 0x00181060),
                      ("NominalCardiacTriggerDelayTime", 0x00209153)),
    "reference time": _named(mark("frame reference time"), mark("{n} ms"), ("FrameReferenceTime", 0x00541300)),
    "time offset": _named(mark("temporal position time offset"), mark("{n} s"),
                          ("TemporalPositionTimeOffset", 0x0020930D)),
    "inversion time": _named(mark("inversion time"), mark("TI {n} ms"), ("InversionTime", 0x00180082),
                             ("InversionTimes", 0x00189079)),
    "flip angle": _named(mark("flip angle"), mark("flip {n}°"), ("FlipAngle", 0x00181314)),
    "energy": _named(mark("tube voltage"), mark("{n} kV"), ("KVP", 0x00180060)),
    "kernel": _named(mark("reconstruction kernel"), mark("kernel {n}"), ("ConvolutionKernel", 0x00181210)),
    "rr interval": _named(mark("R-R interval"), mark("R-R interval {n}"), ("RRIntervalVector", 0x00540060)),
    "time slot": _named(mark("time slot"), mark("time slot {n}"), ("TimeSlotVector", 0x00540070)),
    "phase": _named(mark("phase"), mark("phase {n}"), ("PhaseVector", 0x00540030)),
    "time slice": _named(mark("time slice"), mark("time slice {n}"), ("TimeSliceVector", 0x00540100)),
    "rotation": _named(mark("rotation"), mark("rotation {n}"), ("RotationVector", 0x00540050)),
    "view": _named(mark("angular view"), mark("view {n}"), ("AngularViewVector", 0x00540090)),
    "acquisition": _named(mark("acquisition number"), mark("acquisition {n}"), ("AcquisitionNumber", 0x00200012),
                          ("FrameAcquisitionNumber", 0x00209156)),
    "index": _named(mark("dimension index"), mark("part {n}"), ("DimensionIndexValues", 0x00209157)),
    "acquisition time": _named(mark("acquisition time"), "{n}", ("AcquisitionTime", 0x00080032),
                               ("FrameAcquisitionDateTime", 0x00189074)),
    "content time": _named(mark("content time"), "{n}", ("ContentTime", 0x00080033)),
    "instance": _named(mark("instance number"), mark("image {n}"), ("InstanceNumber", 0x00200013)),
}  # fmt: skip
"""By name, those that tell most about the meaning of an image first: of several that vary alike, the first is named."""
TIMES = ("temporal", "trigger", "time offset", "reference time", "time slot", "phase", "time slice",
         "acquisition time", "content time")  # fmt: skip
"""What orders frames in time."""
APART = frozenset({"segment", "stack", "type", "raw type", "detector", "energy window", "energy", "kernel"})
"""What makes different images rather than frames of one 4-D image."""


def tag_of(name: str, sources: Mapping[str, int]) -> Tag:
    """Return the element that a dimension was read from; ``sources`` are those that are not the usual ones."""
    tags = DIMENSIONS[name].tags
    number = sources.get(name, tags[0].number)
    return next((tag for tag in tags if tag.number == number), tags[0])


def find(text: str) -> str | None:
    """Return the dimension that a user means by its name, a keyword or a tag such as ``0018,0081``."""
    wanted = text.strip().lower()
    digits = wanted.strip("()").replace(",", "")
    for name, named in DIMENSIONS.items():
        keywords = {tag.keyword.lower() for tag in named.tags}
        if wanted in (name, named.title.lower()) or wanted in keywords:
            return name
        if digits in {f"{tag.number:08x}" for tag in named.tags}:
            return name
    return None


def value_text(name: str, value: Any) -> str:
    """Write one value of a dimension for reading, with its unit."""
    if name == "diffusion":
        return _diffusion(*value)
    if name == "type":
        return str(value).replace("\\", " ").lower()
    if name == "index":
        return tr(DIMENSIONS[name].value, n=".".join(f"{n:g}" for n in value))
    if name in ("acquisition time", "content time"):
        return _clock(str(value))
    return tr(DIMENSIONS[name].value, n=f"{value:g}" if isinstance(value, int | float) else value)


def bare_text(name: str, value: Any) -> str:
    """Write one value of a dimension that is named beside it: a number alone where it has no unit."""
    words = DIMENSIONS[name].value
    if words != "{n}" and words.endswith("{n}") and isinstance(value, int | float):
        return f"{value:g}"
    return value_text(name, value)


def _diffusion(b: float, direction: tuple[float, ...]) -> str:
    along = " [" + " ".join(f"{n:.2f}" for n in direction) + "]" if direction else ""
    return f"b {b:g} s/mm²{along}"


def _clock(text: str) -> str:
    digits, _, fraction = text.partition(".")
    if len(digits) == 14 and digits.isdigit():
        digits = digits[8:]
    if len(digits) != 6 or not digits.isdigit():
        return text
    hours = int(digits[:2]) % 24  # what ran past midnight was counted on
    return f"{hours:02d}:{digits[2:4]}:{digits[4:]}" + (f".{fraction[:3]}" if fraction.strip("0") else "")
