"""From activity to standardised uptake values, by weight, lean body mass or body surface, where a PET header allows it.

Source: QIBA/DICOM, "Vendor-neutral pseudo-code for SUV calculation"; PS3.3 C.8.9.1; Philips: scale factors (7053,1000)
and (7053,1009). Lean body mass: James 1976 with 128 (LBMJAMES128) and Janmahasatian et al. 2005 (LBMJANMA).
Body surface: Du Bois and Du Bois 1916. Runs inside a worker.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pellucid.dicom.values import Values

_UNITS, _SUV_TYPE, _DECAY, _CORRECTED = 0x00541001, 0x00541006, 0x00541102, 0x00280051
_SEX, _SIZE, _WEIGHT, _RADIOPHARMACEUTICAL = 0x00100040, 0x00101020, 0x00101030, 0x00540016
_START_TIME, _START, _DOSE, _HALF_LIFE = 0x00181072, 0x00181078, 0x00181074, 0x00181075
_SERIES_DATE, _SERIES_TIME, _ACQUIRED_DATE, _ACQUIRED_TIME = 0x00080021, 0x00080031, 0x00080022, 0x00080032
_GE_SCAN, _REFERENCE_TIME, _FRAME_DURATION = 0x0009100D, 0x00541300, 0x00181242
_PHILIPS_SUV, _PHILIPS_ACTIVITY = 0x70531000, 0x70531009
TAGS = frozenset({
    _UNITS, _SUV_TYPE, _DECAY, _CORRECTED, _SEX, _SIZE, _WEIGHT, _RADIOPHARMACEUTICAL, _START_TIME, _START, _DOSE,
    _HALF_LIFE, _SERIES_DATE, _SERIES_TIME, _ACQUIRED_DATE, _ACQUIRED_TIME, _GE_SCAN, _REFERENCE_TIME,
    _FRAME_DURATION, _PHILIPS_SUV, _PHILIPS_ACTIVITY,
})  # fmt: skip
_STATED = {"": "bw", "BW": "bw", "LBM": "lbm", "LBMJAMES128": "lbm", "LBMJANMA": "lbmj", "BSA": "bsa"}
_LONGEST, _LONGEST_DECAY = 86_400.0, 8
"""What may lie between injection and scan: a day, or so many half-lives, as nuclides of days are scanned days later."""
_OF_ONE_DAY = 12 * 3600.0
"""A nuclide of a longer half-life (s) may have been given on any day before the scan: its time of day tells nothing."""
_LEAST_DOSE = 1e5  # Bq; less was written in MBq
_LIGHTEST, _HEAVIEST = 0.3, 600.0  # kg
_SHORTEST, _TALLEST = 0.2, 2.6  # m


@dataclass(frozen=True)
class Uptake:
    """The factors that make SUV of stored values, by kind; ``missing`` says by codes what the others would need."""

    factors: dict[str, float]
    missing: tuple[str, ...] = ()


def uptake(values: Values) -> Uptake:
    """Return what a value is multiplied with to become each kind of SUV, as far as the header allows it."""
    sizes, lacks = _body_sizes(values)
    stated = _stated(values)
    if stated is not None:
        kind, factor = stated
        scale = factor / sizes[kind] if kind in sizes else None
        known = {kind: factor} if scale is None else {other: scale * size for other, size in sizes.items()}
        return Uptake(known, () if scale is not None and len(sizes) == len(_SIZES) else lacks)
    remaining, missing = _dose_at_reference(values)
    concentration, needed = _concentration(values)
    missing = (*needed, *missing, *(code for code in lacks if code == "weight"))
    if missing or concentration is None or remaining is None:
        return Uptake({}, missing)
    return Uptake({kind: concentration * size / remaining for kind, size in sizes.items()}, lacks)


_SIZES = ("bw", "lbm", "lbmj", "bsa")


def _stated(values: Values) -> tuple[str, float] | None:
    """Return the kind of SUV that the file holds or states the factor of, and that factor."""
    units, kind = values.code(_UNITS), values.code(_SUV_TYPE)
    if units == "GML" and _STATED.get(kind, "") in ("bw", "lbm", "lbmj"):
        return _STATED[kind], 1.0
    if units == "CM2ML" and kind in ("", "BSA"):
        return "bsa", 1.0
    factor = values.number(_PHILIPS_SUV)
    if units == "CNTS" and factor and 0 < factor < 1e6:
        return "bw", factor
    return None


def _concentration(values: Values) -> tuple[float | None, tuple[str, ...]]:
    """Return what a value is multiplied with to become Bq/ml, or what is missing for it."""
    units = values.code(_UNITS)
    corrected = set(values.codes(_CORRECTED))
    needed = (("ATTN", "attenuation"),) if _is_as_measured(values) else (("ATTN", "attenuation"), ("DECY", "decay"))
    lacks = tuple(code for word, code in needed if word not in corrected)
    if units == "BQML":
        return 1.0, lacks
    factor = values.number(_PHILIPS_ACTIVITY)
    if units == "CNTS" and factor and factor > 0:
        return factor, lacks
    return None, ("activity", *lacks)


def _body_sizes(values: Values) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return g of body and of lean body mass and cm² of surface, and what is missing for those not known."""
    weight, height, sex = values.number(_WEIGHT), values.number(_SIZE), values.code(_SEX)
    if not weight or not _LIGHTEST <= weight <= _HEAVIEST:
        return {}, ("weight",)
    sizes = {"bw": weight * 1000.0}
    if not height or not _SHORTEST <= height <= _TALLEST:
        return sizes, ("height",) if sex in ("M", "F") else ("height", "sex")
    sizes["bsa"] = 0.007184 * weight**0.425 * (height * 100.0) ** 0.725 * 1e4
    if sex not in ("M", "F"):
        return sizes, ("sex",)
    linear, square = (1.10, 128.0) if sex == "M" else (1.07, 148.0)
    james = linear * weight - square * (weight / (height * 100.0)) ** 2
    if james > 0:
        sizes["lbm"] = james * 1000.0
    constant, slope = (6680.0, 216.0) if sex == "M" else (8780.0, 244.0)
    sizes["lbmj"] = 9270.0 * weight / (constant + slope * weight / height**2) * 1000.0
    return sizes, ()


def _dose_at_reference(values: Values) -> tuple[float | None, tuple[str, ...]]:
    """Return the dose (Bq) that is left at the time the values are corrected to, or what is missing for it."""
    drug = values.item(_RADIOPHARMACEUTICAL)
    dose = drug.number(_DOSE) if drug is not None else None
    correction = values.code(_DECAY)
    if drug is None or not dose:
        return None, ("dose",)
    if dose < _LEAST_DOSE:
        return None, ("plausible dose",)
    if correction == "ADMIN":
        return dose, ()
    if correction != "START" and not _is_as_measured(values):
        return None, ("decay",) if "DECY" in values.codes(_CORRECTED) else ()
    half_life = drug.number(_HALF_LIFE)
    if not half_life or half_life <= 0:
        return None, ("half-life",)
    scan, share = _measured(values, half_life) if correction == "NONE" else (_scan_start(values, half_life), 1.0)
    if scan is None:
        return None, ("scan",)
    if share is None:
        return None, ("duration",)
    given = _moment(drug.code(_START))
    if given is None and half_life < _OF_ONE_DAY:
        given = _at(scan, drug.code(_START_TIME))
    if given is None:
        return None, ("injection",)
    waited = (scan - given).total_seconds()
    if not 0 <= waited < max(_LONGEST, _LONGEST_DECAY * half_life):
        return None, ("plausible times",)
    return dose * share * math.exp(-math.log(2.0) * waited / half_life), ()


def _is_as_measured(values: Values) -> bool:
    """Return whether values are the mean activity while they were counted, and the header says so twice."""
    return values.code(_DECAY) == "NONE" and "DECY" not in values.codes(_CORRECTED)


def _measured(values: Values, half_life: float) -> tuple[datetime | None, float | None]:
    """Return when counting began, and which share of the activity then is its mean while it went on."""
    duration = values.number(_FRAME_DURATION)
    if not duration or duration <= 0:
        share = None
    else:
        lost = math.log(2.0) / half_life * duration / 1000.0
        share = -math.expm1(-lost) / lost
    return _moment(values.code(_ACQUIRED_DATE) + values.code(_ACQUIRED_TIME)), share


def _scan_start(values: Values, half_life: float) -> datetime | None:
    """Return when the scan began: series date and time, unless the series was made after the acquisition.

    Then a private time of GE, or the time of the slice less the time it is late by, tells.
    """
    series = _moment(values.code(_SERIES_DATE) + values.code(_SERIES_TIME))
    acquired = _moment(values.code(_ACQUIRED_DATE) + values.code(_ACQUIRED_TIME))
    if series is not None and acquired is not None and series <= acquired:
        return series
    return _moment(values.code(_GE_SCAN)) or _from_reference_time(values, acquired, half_life)


def _from_reference_time(values: Values, acquired: datetime | None, half_life: float) -> datetime | None:
    """Return the start of the scan by the Frame Reference Time: when, from there, the mean of a frame was counted."""
    reference, duration = values.number(_REFERENCE_TIME), values.number(_FRAME_DURATION)
    if acquired is None or reference is None or not duration or duration <= 0:
        return None
    decay, seconds = math.log(2.0) / half_life, duration / 1000.0
    mean = math.log(decay * seconds / -math.expm1(-decay * seconds)) / decay
    try:
        return acquired + timedelta(seconds=mean - reference / 1000.0)
    except OverflowError:
        return None


def _at(scan: datetime, clock: str) -> datetime | None:
    """Return the last moment before a scan at which the clock stood at a time: injections go before midnight, too."""
    given = _moment(f"{scan:%Y%m%d}{clock}") if clock else None
    return given - timedelta(days=1) if given is not None and given > scan else given


def _moment(text: str) -> datetime | None:
    """Read date and time as DICOM writes them; a time zone counts for nothing, all clocks are those of one place."""
    digits, _, fraction = text.partition("+")[0].partition("-")[0].partition(".")
    try:
        found = datetime.strptime(digits.ljust(14, "0") if len(digits) >= 10 else "", "%Y%m%d%H%M%S")
    except ValueError:
        return None
    seconds = float(f"0.{fraction}") if fraction.isdigit() else 0.0
    return found.replace(tzinfo=UTC) + timedelta(seconds=seconds)
