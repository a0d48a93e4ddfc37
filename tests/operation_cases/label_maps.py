"""Cases of the operations on label maps."""

from __future__ import annotations

from operation_cases.case import Case

_SPACING = {"spacing_x": 1.1, "spacing_y": 0.8, "spacing_z": 2.0}
CASES = {
    "labels.split": Case(colour="refused", variants=({"connectivity": "corners"},), slow={}, slab=0),
    "labels.relabel": Case(colour="refused", slab=0,
                           variants=({"order": "value", "minimum": 3.0}, {"unit": "voxels", "minimum": 2.0})),
    "labels.to_mask": Case(colour="refused", slab=0, variants=({"values": "2, 4-5"},)),
    "labels.from_masks": Case(colour="refused", slab=0),
    "labels.to_image": Case(colour="refused", pixels="uint16", slab=0),
    "labels.smooth": Case({"sigma": 1.0}, colour="refused", slow={"sigma": 5.0}, slab=0),
    "labels.resample": Case(_SPACING, colour="refused", variants=(_SPACING | {"interpolation": "label_gaussian"},)),
    "labels.resample_to_image": Case(colour="refused", variants=({"interpolation": "label_gaussian"},)),
}  # fmt: skip
