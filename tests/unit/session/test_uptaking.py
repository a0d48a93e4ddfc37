"""The kind of SUV a PET is told in is chosen as one step; voxels, window and volume of the history stay."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model import uptake
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session import Session
from pellucid.session.looking import told

GRID = Geometry((4, 4, 2), (1.0, 1.0, 1.0))
FACTS = {"suv_bw": "0.002", "suv_lbm": "0.0015", "suv_bsa": "0.0005"}


def layer(unit: str = "Bq/ml", facts: dict[str, str] = FACTS, modality: str = "PT") -> ImageLayer:
    about = Acquisition(modality, extra=dict(facts))
    values = image_from_array(np.full((2, 4, 4), 1000.0, np.float32), GRID)
    said = (Finding("suv-unknown", "The header lacks: the injected dose.", "info"),)
    return ImageLayer("PET", (Volume(values, GRID, unit, acquisition=about, findings=said),) * 2)


@pytest.mark.hazard("H14")
@pytest.mark.parametrize(("kind", "says"), [("bw", "2 SUVbw (1000 Bq/ml)"), ("lbm", "1.5 SUVlbm (1000 Bq/ml)"),
                                            ("bsa", "0.5 SUVbsa cm²/ml (1000 Bq/ml)"), ("", "1000 Bq/ml")])  # fmt: skip
def test_values_say_which_suv_they_are(session: Session, kind: str, says: str) -> None:
    pet = layer()
    session.document.insert(0, pet)
    image = pet.volume.image
    session.uptaking.choose(pet, kind)
    assert [told(1000.0, volume) for volume in pet.frames] == [says] * 2 and pet.volume.image is image
    assert session.uptaking.kind(pet) == kind
    if kind != "bw":
        session.undo()
        assert session.uptaking.kind(pet) == "bw" and not session.history.can_undo


def test_what_the_header_does_not_allow_is_refused_with_what_is_missing(session: Session) -> None:
    pet = layer()
    session.document.insert(0, pet)
    with pytest.raises(Refused, match="The header lacks: the injected dose"):
        session.uptaking.choose(pet, "lbmj")
    assert "no PET" in session.uptaking.why_not(layer(modality="CT"), "bw")
    assert session.uptaking.kind(layer(facts={})) == "" and session.uptaking.kind(None) is None


def test_a_choice_that_is_no_longer_known_falls_back() -> None:
    assert uptake.chosen({"suv_lbm": "2", uptake.CHOICE: "bsa"}) == "lbm" and uptake.chosen({"suv_bw": "nan"}) == ""
