"""De-identify what we write ourselves, data set by data set, just before it goes to the disk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid.dicom.deidentify.cleaning import cleaner_for
from pellucid.dicom.deidentify.identities import new_secret
from pellucid.dicom.deidentify.marks import mark_dataset
from pellucid.dicom.deidentify.plan import Plan
from pellucid.language import tr, tr_count

if TYPE_CHECKING:
    from pydicom import Dataset

EXPORT = Plan(frozenset({"descriptors"}))
"""What an export without choices does: the basic profile, and descriptions keep words of anatomy and technique."""


@dataclass
class Finisher:
    """Clean every data set of one export in place.

    All objects of an export get the same new UIDs, also those that refer to objects that were cleaned before them, and
    what names the patient in one of them is looked for in all that follow.
    """

    plan: Plan = EXPORT
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    _secret: str = field(default_factory=new_secret, repr=False)
    _made: set[str] = field(default_factory=set, repr=False)
    _banned: frozenset[str] = field(default=frozenset(), repr=False)

    def __call__(self, dataset: Dataset) -> None:
        """Clean a data set, mark it as cleaned, and let its file meta name it as it is called now."""
        cleaner = cleaner_for(dataset, self.plan, self._secret, self.plan.patient_code or "P0001")
        self._banned |= cleaner.banned
        cleaner.made, cleaner.banned = self._made, self._banned
        cleaner.clean(dataset)
        mark_dataset(dataset, self.plan, pixels_cleaned=self.plan.pixels_confirmed)
        self.changes.update(cleaner.changes)
        if "MediaStorageSOPInstanceUID" in dataset.file_meta:
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID

    def sentence(self) -> str:
        """Say what was done, and what nobody but a person can do."""
        count = len({where for where, _action in self.changes})
        said = tr_count("De-identified by the Basic Profile of DICOM: {count} attribute was changed.",
                        "De-identified by the Basic Profile of DICOM: {count} attributes were changed.",
                        count)  # fmt: skip
        return " ".join((said, tr("Look at the pixels before you pass it on: no profile does that.")))
