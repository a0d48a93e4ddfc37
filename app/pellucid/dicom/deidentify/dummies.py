"""Values that say nothing and are valid for their VR, and the words a description may keep."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

TEXT_VR = frozenset({"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
TIME_VR = frozenset({"DA", "DT", "TM"})
_NUMBERS = frozenset({"FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
_BYTES = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_VALUES: dict[str, Any] = {
    "AE": "REMOVED", "AS": "000Y", "AT": 0, "CS": "REMOVED", "DA": "19000101", "DS": "0", "DT": "19000101000000",
    "IS": "0", "LO": "REMOVED", "LT": "REMOVED", "PN": "REMOVED", "SH": "REMOVED", "ST": "REMOVED", "TM": "000000",
    "UC": "REMOVED", "UR": "http://removed.invalid", "UT": "REMOVED",
}  # fmt: skip
_SPECIAL = {0x04000565: "COERCE", 0x00041430: "PRIVATE"}
_LONGEST_NUMBER = 3
_WORDS = """
abd abdomen abdominal angio ankle anterior aorta aortic ap apical arm arterial artery ascending atrium axial axis bone
bowel brain breast bronchus calf cardiac carotid cc cerebral cervical chest clavicle colon contrast cor coronal
coronary cor cranial cranium ct delayed descending diffusion dorsal dose dynamic ear echo elbow enhanced eye face fast
fat femur fetal finger flair foot forearm functional gallbladder gated gradient hand head heart hepatic high hip
humerus images inferior inspiration expiration intracranial inversion jaw joint kidney knee lateral left leg liver
localizer low lower lumbar lung lungs lymph mandible map maxilla medial mediastinum mip ml mm mouth mpr mr multi
muscle nasal native neck nuclear oblique orbit ovary pa pancreas parallel pelvic pelvis perfusion pet phase plain
portal posterior post pre prostate proton pulmonary recon reconstruction renal resolution rest rib right sacrum sag
sagittal sat scan scapula scout sella sequence series shoulder sinus sinuses skeleton skull slice soft spin spine
spleen stack standard sternum stomach stress superior supine prone survey suppressed temporal thick thigh thin
thoracic thorax thyroid tibia tissue tissues toe topogram tra trachea trans transverse trunk ultrasound unenhanced
upper ureter uterus vascular vein venous ventricle ventricular vertebra vessel volume weighted whole body wrist with
without and of the in t1 t2 t2* pd adc dwi dti swi tof tse fse gre se epi stir mprage bold asl ivim flash space vibe
dixon water fs gd iv kv kvp mas sec min bh
"""


def dummy(vr: str, tag: int = 0) -> Any:
    """Return a value that is valid for a VR and not empty; None where there is none (sequences)."""
    if tag in _SPECIAL:
        return _SPECIAL[tag]
    if vr in _NUMBERS:
        return 0
    if vr in _BYTES:
        return bytes(8)
    return _VALUES.get(vr)


def empty(vr: str) -> Any:
    """Return a value without length for a VR."""
    return b"" if vr in _BYTES else [] if vr == "SQ" else None if vr in _NUMBERS | {"AT"} else ""


def known_words(text: str, banned: Iterable[str] = ()) -> str:
    """Return the words of a text that are terms of anatomy and technique, or small numbers.

    ``banned`` are the words of names and numbers of the patient: a patient may be called Hand.
    """
    never = {word.casefold() for word in banned}
    kept = []
    for word in re.split(r"[\s,;:/\\_()\[\]^=]+", text):
        bare = word.strip(".-").casefold()
        number = bare.isdigit() and len(bare) <= _LONGEST_NUMBER
        if bare and bare not in never and (number or bare in _vocabulary()):
            kept.append(word)
    return " ".join(kept)


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(_WORDS.split())
