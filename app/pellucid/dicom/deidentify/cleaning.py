"""Walk through a data set at any depth and do to every attribute what the profile says.

Whoever reads attributes of foreign files here runs in a worker; what cannot be read is removed.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.dicom.deidentify import contents, dummies, identities, table
from pellucid.dicom.deidentify.marks import mark_dataset
from pellucid.dicom.deidentify.plan import Plan
from pellucid.language import mark

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

PATIENT_TAGS = frozenset({0x00100010, 0x00100020, 0x00120040})
_REMOVED_SEQUENCES = frozenset({0x00081110})  # type 3 wherever it is used: removed, not emptied
_SHIFTING = "modified_dates"
REMOVED, EMPTIED, REPLACED, NEW_UID, SHIFTED, CLEANED, KEPT = (
    mark("removed"), mark("emptied"), mark("replaced"), mark("new UID"), mark("date shifted"), mark("cleaned"),
    mark("kept by option"))  # fmt: skip


@dataclass
class Cleaner:
    """What is needed to clean the data sets of one patient; ``changes`` counts (path, action)."""

    plan: Plan
    secret: str
    code: str
    key: str
    banned: frozenset[str] = frozenset()
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    made: set[str] = field(default_factory=set)
    """The new UIDs so far: what refers to a copy that was made before is not renamed once more."""

    def clean(self, dataset: Dataset, path: str = "", content: contents.Content | None = None) -> None:
        """Clean a data set, and every data set in it, in place."""
        safe = self._safe_private(dataset) if "safe_private" in self.plan.options else frozenset()
        for tag in list(dataset.keys()):
            where = f"{path}{contents.written(tag)}"
            element = _readable(dataset, tag)
            if element is None or tag.element == 0:
                self._remove(dataset, tag, where)
            elif tag.is_private:
                if tag in safe:
                    self.changes[where, KEPT] += 1
                else:
                    self._remove(dataset, tag, where)
            else:
                self._standard(dataset, element, where, content)

    def _standard(self, dataset: Dataset, element: DataElement, where: str, content: contents.Content | None) -> None:
        tag = int(element.tag)
        if not contents.is_plausible(element):
            self._remove(dataset, tag, where)
            return
        action = table.action(tag, self.plan.options)
        if element.VR == "SQ":
            self._sequence(dataset, element, action, where, content)
        elif action:
            self._apply(dataset, element, action, where)
        else:
            self._unnamed(dataset, element, where, content)

    def _sequence(
        self, dataset: Dataset, element: DataElement, action: str, where: str, content: contents.Content | None
    ) -> None:
        tag = int(element.tag)
        removed = action == "X" or (action == "X/Z" and tag in _REMOVED_SEQUENCES)
        if removed or contents.drops(tag, content, self.plan.options):
            self._remove(dataset, tag, where)
            return
        if action in ("Z", "X/Z"):
            if len(element.value):
                element.value = []
                self.changes[where, EMPTIED] += 1
            return
        inside = contents.enter(tag, action, content, self.plan.options)
        if inside is not content:
            self.changes[where, CLEANED] += 1
        for item in element.value:
            self.clean(item, f"{where}>", contents.of_item(inside, item))
        contents.drop_hollow(element)

    def _apply(self, dataset: Dataset, element: DataElement, action: str, where: str) -> None:
        if action == "K":
            self.changes[where, KEPT] += 1
        elif action == "C":
            self._clean_value(dataset, element, where)
        elif action == "X":
            self._remove(dataset, int(element.tag), where)
        elif action == "U":
            self._new_uids(element, where)
        elif _is_empty(element):
            return
        elif int(element.tag) in PATIENT_TAGS:
            self._set(element, self.code, where, REPLACED)
        elif action in ("Z", "X/Z"):
            self._set(element, dummies.empty(element.VR), where, EMPTIED)
        else:
            self._replace(element, where)

    def _clean_value(self, dataset: Dataset, element: DataElement, where: str) -> None:
        """Shift a date, keep a time, keep the known words of a text; else what the profile does without options."""
        shifts = _SHIFTING in self.plan.options and table.option_actions()[int(element.tag)].get(_SHIFTING) == "C"
        if shifts and element.VR == "TM":
            self.changes[where, KEPT] += 1
            return
        if shifts and element.VR in ("DA", "DT") and self._shift(element, where):
            return
        if element.VR in dummies.TEXT_VR - {"PN"}:
            kept = dummies.known_words(" ".join(str(one) for one in _values(element)), self.banned)
            if kept:
                self._set(element, kept[:64], where, CLEANED)
                return
        self._apply(dataset, element, table.action(int(element.tag), frozenset()), where)

    def _unnamed(self, dataset: Dataset, element: DataElement, where: str, content: contents.Content | None) -> None:
        """Clean an attribute the profile does not name: what names or dates somebody all the same."""
        vr = element.VR
        if vr == "UI":
            if "uids" not in self.plan.options and not contents.is_class(element.keyword):
                self._new_uids(element, where)
        elif _is_empty(element):
            return
        elif vr in ("DA", "DT", "TM") and content is None:
            self._unnamed_date(element, where)
        elif vr == "PN":
            self._set(element, "" if content is None else dummies.dummy("PN"), where, REPLACED)
        elif content is not None and content.hides(element):
            if vr in ("DA", "DT", "TM") and "full_dates" in self.plan.options:
                return
            if vr in ("DA", "DT") and _SHIFTING in self.plan.options and self._shift(element, where):
                return
            if dummies.dummy(vr, int(element.tag)) is None:
                self._remove(dataset, int(element.tag), where)
            else:
                self._replace(element, where)
        elif vr in dummies.TEXT_VR and self._names_patient(element):
            self._replace(element, where)

    def _names_patient(self, element: DataElement) -> bool:
        """Return whether a text that stays holds a word of a name or number of the patient."""
        from pellucid.dicom.deidentify.leaks import count_in

        text = " ".join(str(one) for one in _values(element))
        return bool(count_in(text.encode("utf-8", "replace"), self.banned))

    def _unnamed_date(self, element: DataElement, where: str) -> None:
        if element.VR == "TM" or "full_dates" in self.plan.options:
            return
        if not (_SHIFTING in self.plan.options and self._shift(element, where)):
            self._set(element, "", where, EMPTIED)

    def _shift(self, element: DataElement, where: str) -> bool:
        days = identities.shift_days(self.secret, self.key)
        moved = [identities.shifted(str(value), days) for value in _values(element)]
        if not moved or None in moved:
            return False
        self._set(element, moved if len(moved) > 1 else moved[0], where, SHIFTED)
        return True

    def _new_uids(self, element: DataElement, where: str) -> None:
        olds = [str(old) for old in _values(element)]
        new = [old if old in self.made else identities.new_uid(self.secret, old) for old in olds]
        self.made.update(new)
        if new and new != [str(old) for old in _values(element)]:
            self._set(element, new if len(new) > 1 else new[0], where, NEW_UID)

    def _replace(self, element: DataElement, where: str) -> None:
        self._set(element, dummies.dummy(element.VR, int(element.tag)), where, REPLACED)

    def _set(self, element: DataElement, value: Any, where: str, action: str) -> None:
        element.value = value
        self.changes[where, action] += 1

    def _remove(self, dataset: Dataset, tag: int, where: str) -> None:
        del dataset[tag]
        self.changes[where, REMOVED] += 1

    def _safe_private(self, dataset: Dataset) -> frozenset[int]:
        return frozenset(contents.safe_private(dataset))


def deidentified(
    dataset: Dataset, plan: Plan, secret: str = "", code: str = ""
) -> tuple[Dataset, Counter[tuple[str, str]]]:
    """Return a de-identified copy of a data set, marked as such, and what was done to it.

    The pixels are those of the original; ``secret`` is one of ``identities.new_secret()`` for everything that
    belongs together, and a new one without. Rectangles to black out are not looked at here: see ``black_out``.
    """
    copied = copy.deepcopy(dataset)
    cleaner = cleaner_for(copied, plan, secret or identities.new_secret(), code or plan.patient_code or "P0001")
    cleaner.clean(copied)
    mark_dataset(copied, plan, pixels_cleaned=plan.pixels_confirmed)
    return copied, cleaner.changes


def cleaner_for(dataset: Dataset, plan: Plan, secret: str, code: str) -> Cleaner:
    """Return a cleaner for a data set: it knows the patient, to find and to avoid what names them."""
    from pellucid.dicom.deidentify.leaks import words_of

    return Cleaner(plan, secret, code, key_of(dataset, secret), words_of(dataset))


def key_of(dataset: Dataset, secret: str) -> str:
    """Return what tells the patient of a data set apart from others."""
    said = (_text(dataset, tag) for tag in (0x00100020, 0x00100021, 0x00100010, 0x00100030))
    return identities.patient_key(secret, *said)


def _text(dataset: Dataset, tag: int) -> str:
    element = _readable(dataset, tag) if tag in dataset else None
    return "" if element is None or element.value is None else str(element.value)


def _readable(dataset: Dataset, tag: int) -> DataElement | None:
    try:
        element = dataset[tag]
        return None if element.VR == "UN" else element
    except Exception:
        return None


def _values(element: DataElement) -> list[Any]:
    value = element.value
    if value is None or value == "":
        return []
    return list(value) if element.VM > 1 else [value]


def _is_empty(element: DataElement) -> bool:
    return element.value is None or element.value in ("", b"") or element.VM == 0


def described(changes: Counter[tuple[str, str]]) -> Iterator[tuple[str, str, str, int]]:
    """Yield (path, name of the attribute, action, how often), in the order of the tags."""
    from pydicom.datadict import dictionary_description

    for (where, action), count in sorted(changes.items()):
        tag = contents.last_tag(where)
        try:
            name = dictionary_description(tag)
        except KeyError:
            name = "Private attribute" if tag >> 16 & 1 else "Unknown attribute"
        yield where, name, action, count
