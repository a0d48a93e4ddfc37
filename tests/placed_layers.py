"""Two images of one thing, one of them put in its place by a transform, for the tests of everything that follows it."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, blank_labels
from pellucid.model.placement import Placement
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session import Session
from pellucid.session.placements import placement_of

OWN = Geometry((24, 20, 14), (1.1, 0.9, 1.7), (-12.0, 5.0, 30.0),
               tuple(sitk.VersorTransform((0.2, 0.5, 0.1), 0.3).GetMatrix()))  # fmt: skip
FIXED = Geometry((26, 24, 18), (1.0, 1.0, 1.5), (-15.0, 0.0, 28.0))


def values(geometry: Geometry, seed: int, dtype: type = np.int16) -> np.ndarray:
    """Return smooth noise (z, y, x)."""
    noise = sitk.GetImageFromArray(np.random.default_rng(seed).normal(size=geometry.size[::-1]))
    smooth = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(noise, 1.5))
    return (smooth * 3000).astype(dtype)


def layer(name: str, geometry: Geometry, seed: int = 1, frames: int = 1) -> ImageLayer:
    """Return an image layer of smooth noise in HU."""
    volumes = tuple(
        Volume(image_from_array(values(geometry, seed + n), geometry), geometry, "HU", acquisition=Acquisition("CT"))
        for n in range(frames)
    )
    made = ImageLayer(name, volumes)
    made.display.set_limits(-500, 500)
    return made


def rigid() -> sitk.Transform:
    """Return a turn and a shift that leave the images one above the other."""
    return sitk.Euler3DTransform((0, 10, 40), 0.1, -0.2, 0.15, (2.0, -3.0, 1.0))


def bending() -> sitk.Transform:
    """Return a B-spline, then the turn and the shift."""
    image = sitk.Image(FIXED.size, sitk.sitkUInt8)
    image.SetSpacing(FIXED.spacing)
    image.SetOrigin(FIXED.origin)
    spline = sitk.BSplineTransformInitializer(image, [2, 2, 2], 3)
    rng = np.random.default_rng(5)
    spline.SetParameters(rng.normal(0, 1.0, len(spline.GetParameters())).tolist())
    return sitk.CompositeTransform([rigid(), spline])


def placement(kind: str = "rigid") -> Placement:
    """Return a placement of ``OWN`` onto ``FIXED``, ``"rigid"`` or ``"bent"``."""
    return placement_of(rigid() if kind == "rigid" else bending(), FIXED, OWN, "Test")


class Scene:
    """A session with a fixed image, a moving one with a label and a point on it; the moving one is active."""

    def __init__(self, kind: str = "", frames: int = 1) -> None:
        self.session = Session()
        self.fixed, self.moving = layer("fixed", FIXED), layer("moving", OWN, 7, frames)
        self.labels = LabelLayer("labels", blank_labels(OWN))
        self.labels.labels.array[5:9, 6:12, 7:15] = 2
        self.labels.labels.set_label(Label(2, "two", "#ff0000"))
        self.labels.active_label = 2
        document = self.session.document
        for one in (self.fixed, self.moving, self.labels):
            document.insert(len(document), one)
        document.active = self.moving
        self.voxel = (11, 9, 7)
        point = tuple(float(n) for n in OWN.index_to_world(self.voxel))
        document.annotations.insert(0, Annotation(Kind.POINT, (point,), layer=self.moving.id, name="P"))
        if kind:
            self.session.placing.put(self.moving, placement(kind))

    def run(self) -> None:
        """Wait for all jobs."""
        assert self.session.jobs.drain(120)

    def said(self) -> list[str]:
        """Return a list that fills with what the session says."""
        heard: list[str] = []
        self.session.notice.connect(lambda text, _severity: heard.append(text))
        return heard
