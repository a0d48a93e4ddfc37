"""Which objects can be de-identified attribute by attribute, and which pixels may name the patient."""

from __future__ import annotations

from pellucid.language import mark, tr

_STORAGE = "1.2.840.10008.5.1.4."
_DIRECTORY = "1.2.840.10008.1.3.10"
_REASONS = (
    (_DIRECTORY, mark("it is the index of a medium (DICOMDIR); the copies need a new one")),
    (_STORAGE + "1.1.104.", mark("it holds a whole document or model that cannot be cleaned")),
    (_STORAGE + "1.1.66.7", mark("its surfaces and their texts cannot be checked")),
    (_STORAGE + "1.1.9.4.", mark("it holds a recorded voice or sound")),
)
_RAW = frozenset({_STORAGE + "1.1.66", _STORAGE + "1.1.201.1"})
_MAY_SHOW_TEXT = frozenset({"US", "SC", "XA", "ES", "OT", "RF", "XC", "GM", "SM", "OP", "DOC", "IVUS", "HD", "SR"})
_CAPTURES = tuple(f"{_STORAGE}{kind}." for kind in ("1.1.7", "1.1.6.1", "1.1.3.1", "1.1.77.1", "1.1.12"))


def refusal(sop_class: str) -> str:
    """Return why objects of a class are left out, as the end of a sentence; empty where they are not."""
    for start, reason in _REASONS:
        if sop_class.startswith(start):
            return tr(reason)
    if sop_class in _RAW:
        return tr("it holds raw data, which cannot be cleaned")
    if not sop_class:
        return tr("it does not say what kind of object it is")
    if not _is_known(sop_class):
        return tr("its kind of object is not known, so nobody can say what identifies a patient in it")
    return ""


def may_show_text(modality: str, sop_class: str, stated: str) -> bool:
    """Return whether pixels may name the patient: the file says so, or its kind often does and it does not deny it."""
    stated = stated.strip().upper()
    if stated in ("YES", "NO"):
        return stated == "YES"
    return modality in _MAY_SHOW_TEXT or f"{sop_class}.".startswith(_CAPTURES)


def shows_face(modality: str, body_part: str) -> bool:
    """Return whether the face of the patient may be rebuilt from the volume."""
    part = body_part.strip().upper()
    return modality in ("CT", "MR", "PT") and any(word in part for word in ("HEAD", "BRAIN", "SKULL", "FACE", "NECK"))


def _is_known(sop_class: str) -> bool:
    from pydicom.uid import UID

    uid = UID(sop_class)
    return uid.type == "SOP Class" and "Storage" in uid.name and sop_class.startswith(_STORAGE)
