"""What a label is, in the codes of SNOMED CT: by the code it has, else by what common names mean, else "Tissue"."""

from __future__ import annotations

import re
from typing import Any

from pellucid.model.labels import Label

_ORGANS = [
    "Liver", "Spleen", "Kidney", "Pancreas", "Gallbladder", "Stomach", "Duodenum", "SmallIntestine",
    "LargeIntestine", "Colon", "Rectum", "Esophagus", "Lung", "Heart", "Aorta", "AorticArch", "Trachea", "Brain",
    "Cerebellum", "BrainStem", "SpinalCord", "Spine", "Bone", "Skull", "Mandible", "Femur", "Humerus", "Rib",
    "Sternum", "Scapula", "Clavicle", "Pelvis", "Sacrum", "Bladder", "Prostate", "Uterus", "Ovary", "Testis",
    "AdrenalGland", "Thyroid", "ParotidGland", "Eye", "OpticNerve", "OpticChiasm", "Pituitary", "Breast", "Skin",
    "Muscle", "BloodVessel", "Artery", "Vein", "PortalVein", "InferiorVenaCava", "SuperiorVenaCava", "LymphNode",
    "Tooth", "Hippocampus", "Thalamus", "LeftVentricle", "RightVentricle", "LeftAtrium", "RightAtrium",
    "WhiteMatter", "GrayMatter", "Vertebra", "Larynx", "Pharynx", "Tongue", "Cartilage", "Meniscus", "Patella",
    "Tibia", "Fibula", "Radius", "Ulna", "Ureter", "Appendix",
]  # fmt: skip
_LESIONS = [
    "Nodule", "Lesion", "Neoplasm", "Cyst", "Edema", "Necrosis", "Hemorrhage", "Thrombus", "Embolus", "Aneurysm",
    "Tumor", "Mass",
]  # fmt: skip
_TISSUES = ["Tissue", "SoftTissue", "Fat", "AdiposeTissue"]
_SYNONYMS = {
    "oesophagus": "Esophagus", "brainstem": "BrainStem", "greymatter": "GrayMatter", "tumour": "Tumor",
    "oedema": "Edema", "haemorrhage": "Hemorrhage", "urinarybladder": "Bladder", "thyroidgland": "Thyroid",
    "vertebralcolumn": "Spine", "metastasis": "Neoplasm", "gtv": "Neoplasm", "kidneys": "Kidney", "lungs": "Lung",
    "ribs": "Rib", "bones": "Bone", "vessel": "BloodVessel", "vessels": "BloodVessel",
}  # fmt: skip
_BY_NAME = {name.lower(): name for name in (*_ORGANS, *_LESIONS, *_TISSUES)}
_SIDES = re.compile(r"\b(left|right|l|r|upper|lower|middle)\b|\d+")


def property_of(label: Label) -> tuple[Any, Any]:
    """Return the codes (as pydicom has them) of category and type of a label."""
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    word = keyword(label.name)
    if label.code is not None and label.code.value:
        kind = Code(label.code.value, label.code.scheme or "SCT", label.code.meaning or label.name)
        return _category(_of_code(label.code.value)), kind
    if not word:
        return codes.SCT.Tissue, codes.SCT.Tissue
    return _category(word), getattr(codes.SCT, word)


def keyword(name: str) -> str:
    """Return the word of the code dictionary that a name means, ``""`` where it is none we know."""
    words = _SIDES.sub(" ", re.sub(r"[^a-z0-9]+", " ", name.lower()))
    joined = "".join(words.split())
    return _SYNONYMS.get(joined) or _BY_NAME.get(joined, "")


def _of_code(value: str) -> str:
    from pydicom.sr.codedict import codes

    return next((word for word in (*_LESIONS, *_TISSUES) if getattr(codes.SCT, word).value == value), "")


def _category(word: str) -> Any:
    from pydicom.sr.codedict import codes

    if word in _LESIONS:
        return codes.SCT.MorphologicallyAbnormalStructure
    return codes.SCT.Tissue if word in _TISSUES else codes.SCT.AnatomicalStructure
