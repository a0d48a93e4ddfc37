"""From activity to standardised uptake values by body weight, where a PET header allows it.

Source: QIBA/DICOM, "Vendor-neutral pseudo-code for SUV calculation" (happy path, body weight); PS3.3 C.8.9.1.
Runs inside a worker.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from pellucid.dicom.values import Values

_UNITS, _SUV_TYPE, _DECAY, _CORRECTED = 0x00541001, 0x00541006, 0x00541102, 0x00280051
_WEIGHT, _RADIOPHARMACEUTICAL = 0x00101030, 0x00540016
_START_TIME, _START, _DOSE, _HALF_LIFE = 0x00181072, 0x00181078, 0x00181074, 0x00181075
_SERIES_DATE, _SERIES_TIME, _ACQUIRED_DATE, _ACQUIRED_TIME = 0x00080021, 0x00080031, 0x00080022, 0x00080032
_GE_SCAN = 0x0009100D
TAGS = frozenset({
    _UNITS, _SUV_TYPE, _DECAY, _CORRECTED, _WEIGHT, _RADIOPHARMACEUTICAL, _START_TIME, _START, _DOSE, _HALF_LIFE,
    _SERIES_DATE, _SERIES_TIME, _ACQUIRED_DATE, _ACQUIRED_TIME, _GE_SCAN,
})  # fmt: skip
_BY_WEIGHT = ("", "BW")
_LONGEST = timedelta(days=1)


def suv_factor(values: Values) -> float | None:
    """Return what a value is multiplied with to become a SUV by body weight, or None where the header forbids it."""
    if values.code(_UNITS) == "GML":
        return 1.0 if values.code(_SUV_TYPE) in _BY_WEIGHT else None
    drug, weight = values.item(_RADIOPHARMACEUTICAL), values.number(_WEIGHT)
    corrected = {"ATTN", "DECY"} <= set(values.codes(_CORRECTED))
    if values.code(_UNITS) != "BQML" or not corrected or drug is None or not weight or weight <= 0:
        return None
    dose, decay = drug.number(_DOSE), _decay(values, drug)
    return weight * 1000.0 / (dose * decay) if dose and dose > 0 and decay else None


def _decay(values: Values, drug: Values) -> float | None:
    """Return the share of the dose that is left at the time the values are corrected to."""
    if values.code(_DECAY) == "ADMIN":
        return 1.0
    half_life, scan = drug.number(_HALF_LIFE), _scan_start(values)
    if values.code(_DECAY) != "START" or not half_life or half_life <= 0 or scan is None:
        return None
    given = _moment(drug.code(_START)) or _at(scan, drug.code(_START_TIME))
    if given is None:
        return None
    waited = scan - given
    return math.exp(-math.log(2.0) * waited.total_seconds() / half_life) if timedelta(0) <= waited < _LONGEST else None


def _scan_start(values: Values) -> datetime | None:
    """Return when the scan began: series date and time, unless the series was made after the acquisition."""
    series = _moment(values.code(_SERIES_DATE) + values.code(_SERIES_TIME))
    acquired = _moment(values.code(_ACQUIRED_DATE) + values.code(_ACQUIRED_TIME))
    if series is not None and acquired is not None and series <= acquired:
        return series
    return _moment(values.code(_GE_SCAN))


def _at(scan: datetime, clock: str) -> datetime | None:
    """Return the last moment before a scan at which the clock stood at a time: injections go before midnight, too."""
    given = _moment(f"{scan:%Y%m%d}{clock}")
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
