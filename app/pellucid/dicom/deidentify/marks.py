"""The attributes that say that an object was de-identified, how, and with which options (PS3.15 E.1.1, E.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.dicom.deidentify.plan import BASIC, CLEAN_PIXELS, OPTIONS, Option, Plan
from pellucid.dicom.deidentify.table import EDITION

if TYPE_CHECKING:
    from pydicom import Dataset

_LONGEST = 64


def codes(plan: Plan, *, pixels_cleaned: bool) -> tuple[Option, ...]:
    """Return the profile and the options that hold for an object."""
    chosen = [OPTIONS[name] for name in OPTIONS if name in plan.options]
    return (BASIC, *((CLEAN_PIXELS,) if pixels_cleaned else ()), *chosen)


def mark_dataset(dataset: Dataset, plan: Plan, *, pixels_cleaned: bool) -> None:
    """Set the attributes of de-identification in a data set."""
    from pydicom.dataset import Dataset as New

    dataset.PatientIdentityRemoved = "YES"
    held = codes(plan, pixels_cleaned=pixels_cleaned)
    dataset.DeidentificationMethod = [f"Pellucid, {EDITION}", *(option.meaning[:_LONGEST] for option in held)]
    items = []
    for option in held:
        item = New()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = option.code, "DCM", option.meaning[:_LONGEST]
        items.append(item)
    dataset.DeidentificationMethodCodeSequence = items
    dataset.LongitudinalTemporalInformationModified = longitudinal(plan)
    if pixels_cleaned:
        dataset.BurnedInAnnotation = "NO"


def longitudinal(plan: Plan) -> str:
    """Return what became of the dates, as DICOM says it."""
    if "full_dates" in plan.options:
        return "UNMODIFIED"
    return "MODIFIED" if "modified_dates" in plan.options else "REMOVED"
