"""What the tissues of the demo phantom measure: attenuation and activity."""

from __future__ import annotations

from typing import NamedTuple

from pellucid.files.phantom.scene import Grid

CT_GRID = Grid((256, 256, 136), (1.4, 1.4, 2.5), (-178.5, -163.5, -170.0))
PET_GRID = Grid((128, 128, 104), (4.0, 4.0, 3.27), (-254.0, -239.0, -168.4))


class Tissue(NamedTuple):
    """Attenuation in HU (a venous-phase contrast scan) and activity in Bq/ml (FDG after one hour)."""

    hu: float
    bqml: float


NODULE_CENTRE = (-76.0, 4.0, 50.0)
NODULE_DIAMETER = 16.0
NODULE = Tissue(38, 29_000)

AIR = Tissue(-1000, 0)
SKIN, FAT, MUSCLE = Tissue(20, 1500), Tissue(-104, 900), Tissue(58, 2200)
LUNG, FISSURE, VESSEL = Tissue(-868, 1300), Tissue(-700, 1600), Tissue(46, 4200)
BLOOD, ARTERY, CHAMBER, HEART_WALL = (
    Tissue(152, 5300),
    Tissue(172, 5300),
    Tissue(156, 5300),
    Tissue(98, 14_500),
)
BONE, MARROW, CARTILAGE = Tissue(620, 1900), Tissue(205, 3900), Tissue(112, 1300)
DISC, CORD = Tissue(84, 1800), Tissue(34, 5200)
LIVER, LIVER_VESSEL, SPLEEN = Tissue(110, 7400), Tissue(156, 6000), Tissue(122, 6200)
STOMACH, JUICE, KIDNEY, GULLET = Tissue(76, 5600), Tissue(14, 1500), Tissue(188, 21_000), Tissue(42, 4200)
SHELL, FOAM = Tissue(-260, 0), Tissue(-940, 0)
