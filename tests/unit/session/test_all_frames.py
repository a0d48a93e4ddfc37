"""An operation on a time series: the shown frame alone, or all of them, as one step that can be edited and undone."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.model.layer import ImageLayer, Source
from pellucid.model.volume import Volume, geometry_of
from pellucid.session import Session
from pellucid.session.opening import Loaded


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def series(session: Session, count: int = 3) -> ImageLayer:
    frames = []
    for n in range(count):
        values = np.random.default_rng(n).normal(100 * n, 50, (5, 12, 14)).astype(np.int16)
        image = sitk.GetImageFromArray(values)
        frames.append(Volume(image, geometry_of(image), unit="HU"))
    loaded = Loaded(tuple(frames), (-100.0, 400.0), "Perfusion", Source())
    layer = session.loading.add(loaded, replace=False)
    layer.frame = 1
    return layer


def clamped(volume: Volume) -> np.ndarray:
    return volume.array.clip(20, 90)


def test_every_frame_is_changed_in_one_step(session):
    layer = series(session)
    before = layer.frames
    session.running.apply("intensity.clamp", {"lower": 20.0, "upper": 90.0}, all_frames=True)
    assert session.jobs.drain(120)
    assert all(np.array_equal(new.array, clamped(old)) for new, old in zip(layer.frames, before, strict=True))
    assert layer.frame == 1 and layer.provenance[-1].frame is None and len(session.history.steps) == 2
    session.undo()
    assert layer.frames == before and not layer.provenance


def test_one_frame_is_changed_alone(session):
    layer = series(session)
    before = layer.frames
    session.running.apply("intensity.clamp", {"lower": 20.0, "upper": 90.0})
    assert session.jobs.drain(120)
    assert layer.frames[0] is before[0] and layer.frames[2] is before[2]
    assert np.array_equal(layer.frames[1].array, clamped(before[1])) and layer.provenance[-1].frame == 1


def test_a_new_grid_and_a_new_layer_keep_all_frames(session):
    layer = series(session)
    session.running.apply("geometry.crop", {"box": (1, 2, 0, 6, 5, 4)}, all_frames=True)
    assert session.jobs.drain(120)
    assert [frame.geometry.size for frame in layer.frames] == [(6, 5, 4)] * 3
    session.running.apply("intensity.clamp", {"lower": 20.0, "upper": 90.0}, all_frames=True, as_new_layer=True)
    assert session.jobs.drain(120)
    new = session.document.active_image
    assert new is not layer and len(new.frames) == 3 and new.frame == 1
    assert all(np.array_equal(made.array, clamped(old)) for made, old in zip(new.frames, layer.frames, strict=True))


def test_a_step_on_all_frames_is_edited_on_all_frames(session):
    layer = series(session)
    before = layer.frames
    session.running.apply("intensity.clamp", {"lower": 20.0, "upper": 90.0}, all_frames=True)
    assert session.jobs.drain(120)
    session.recipes.edit(0, {"lower": 0.0, "upper": 50.0})
    assert session.jobs.drain(120)
    for made, old in zip(layer.frames, before, strict=True):
        assert np.array_equal(made.array, old.array.clip(0, 50))


def test_newer_frames_are_never_overwritten(session):
    layer = series(session)
    session.running.apply("smoothing.gaussian", {"sigma": 1.0}, all_frames=True)
    layer.frames = tuple(reversed(layer.frames))
    kept = layer.frames
    assert session.jobs.drain(120)
    assert layer.frames == kept and len(session.document.images) == 2
