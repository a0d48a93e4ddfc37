"""Fusion without a display: which images, how they look, the balance, and both told together."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.layer import Source
from pellucid.model.measurement_table import to_csv
from pellucid.model.peak import RADIUS, region_peak
from pellucid.model.reading import read
from pellucid.model.view import Layout, Plane, Projection
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session.measurement_export import measured
from pellucid.session.opening import Loaded

GRID = Geometry((40, 32, 12), (2.0, 2.0, 3.0), (-40.0, -32.0, 0.0), frame_of_reference="1.2.3")
FINE = Geometry((80, 64, 12), (1.0, 1.0, 3.0), (-40.0, -32.0, 0.0), frame_of_reference="1.2.3")
FACTOR = 0.0005


def volume(geometry, array, modality, unit, **extra):
    about = Acquisition(modality=modality, series_description=f"{modality} series", extra=extra)
    return Volume(image_from_array(array, geometry), geometry, unit, acquisition=about)


def pet_volume(seed=1):
    array = np.random.default_rng(seed).uniform(0, 20_000, GRID.size[::-1]).astype(np.float32)
    return volume(GRID, array, "PT", "Bq/ml", suv_bw=repr(FACTOR))


def put(session, name, held):
    return session.loading.add(Loaded((held,), (0.0, 100.0), name, Source()), replace=False)


def ct_volume():
    return volume(FINE, np.random.default_rng(2).integers(-1000, 1000, FINE.size[::-1]).astype(np.int16), "CT", "HU")


@pytest.fixture
def pet_ct(session):
    return put(session, "CT", ct_volume()), put(session, "PET", pet_volume())


def circle(layer, z=5):
    at = GRID.index_to_world((20, 16, z))
    points = tuple(tuple(float(c) for c in at + step) for step in ((-12.0, -8.0, 0.0), (12.0, 8.0, 0.0)))
    return Annotation(Kind.ELLIPSE, points, normal=(0.0, 0.0, 1.0), right=(1.0, 0.0, 0.0), down=(0.0, 1.0, 0.0),
                      layer=layer.id, frame_of_reference="1.2.3")  # fmt: skip


def inside(geometry, z):
    """Return the voxels (y, x) of a slice within the ellipse, by the formula."""
    nx, ny, _ = geometry.size
    x = geometry.origin[0] + geometry.spacing[0] * np.arange(nx)
    y = geometry.origin[1] + geometry.spacing[1] * np.arange(ny)
    middle = GRID.index_to_world((20, 16, z))
    return ((x[None] - middle[0]) / 12) ** 2 + ((y[:, None] - middle[1]) / 8) ** 2 <= 1 + 1e-9


def test_a_pet_that_comes_over_a_ct_is_fused_out_of_the_box(session, pet_ct):
    ct, pet = pet_ct
    assert session.fusing.pair() == (ct, pet)
    assert (ct.opacity, pet.opacity, pet.display.colormap) == (1.0, 0.5, "PET")


def test_the_balance_is_the_share_of_the_upper_image(session, pet_ct):
    _, pet = pet_ct
    session.fusing.balance = 0.72
    assert pet.opacity == session.fusing.balance == 0.72
    session.fusing.step(1)
    assert pet.opacity == pytest.approx(0.8)
    for _ in range(5):
        session.fusing.step(1)
    assert pet.opacity == 1.0


def test_the_pet_goes_on_top_whatever_came_first_as_one_undoable_step(session):
    pet, ct = put(session, "PET", pet_volume()), put(session, "CT", ct_volume())
    before = session.history.position
    assert session.fusing.fuse() == (ct, pet)
    assert session.document.layers == (ct, pet) and session.history.position == before + 1
    assert (pet.opacity, pet.display.colormap) == (0.5, "PET")
    session.undo()
    assert session.document.layers == (pet, ct)


def test_mr_over_ct_is_half_seen_through_and_warm(session):
    ct, mr = put(session, "CT", ct_volume()), put(session, "MR", volume(FINE, ct_volume().array, "MR", ""))
    assert session.fusing.fuse() == (ct, mr)
    assert mr.opacity == 0.5 and mr.display.colormap not in ("grey", "PET")


def test_what_was_computed_from_an_image_is_no_fusion_until_asked_for(session):
    one, two = put(session, "CT", ct_volume()), put(session, "Smoothed", ct_volume())
    assert session.fusing.pair() is None and session.fusing.fused_with(one) == ()
    session.fusing.fuse()
    assert session.fusing.pair() == (one, two)


def test_side_by_side_and_together_again(session, pet_ct):
    ct, pet = pet_ct
    session.fusing.separate()
    first, second = session.view.shown
    assert session.view.layout == Layout(1, 2) and first.plane is second.plane
    assert session.viewing.layers(first) == (ct,) and session.viewing.layers(second) == (pet,)
    assert session.viewing.position(first) == session.viewing.position(second)
    session.fusing.fuse()
    assert session.viewing.layers(first) == session.viewing.layers(second) == (ct, pet)


def test_three_planes_with_the_projection_of_the_pet(session, pet_ct):
    ct, pet = pet_ct
    session.fusing.add_projection()
    panes = session.view.shown
    assert [pane.plane for pane in panes] == [Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL, Plane.CORONAL]
    assert all(session.viewing.layers(pane) == (ct, pet) and pane.slab == 0 for pane in panes[:3])
    last = panes[3]
    assert session.viewing.layers(last) == (pet,) and last.projection is Projection.MAXIMUM
    assert last.slab >= GRID.size[1] * GRID.spacing[1]


def test_strangers_are_not_fused(session):
    put(session, "CT", ct_volume())
    other = pet_volume()
    grid = Geometry(GRID.size, GRID.spacing, GRID.origin, frame_of_reference="9.9")
    put(session, "PET", Volume(other.image, grid, other.unit, acquisition=other.acquisition))
    with pytest.raises(Refused, match="different frames of reference"):
        session.fusing.fuse()
    assert session.fusing.pair() is None


def test_a_region_tells_hu_and_suv(session, pet_ct):
    ct, pet = pet_ct
    region = circle(ct)
    session.measuring.add(region)
    own = session.measuring.reading(region)
    ((layer, fused),) = session.measuring.fused_readings(region)
    hu, activity = ct.volume.array[5][inside(FINE, 5)], pet.volume.array[5][inside(GRID, 5)].astype(float)
    assert layer is pet and (own.unit, fused.unit) == ("HU", "SUVbw")
    assert own.statistics[0].mean == pytest.approx(hu.mean()) and own.statistics[0].voxels == hu.size
    row = fused.statistics[0]
    assert row.voxels == activity.size
    assert (row.mean, row.maximum) == pytest.approx((activity.mean() * FACTOR, activity.max() * FACTOR))


def test_the_table_has_a_row_for_each_image(session, pet_ct):
    ct, _ = pet_ct
    session.measuring.add(circle(ct))
    first, second = csv.DictReader(io.StringIO(to_csv(measured(session)())))
    assert (first["modality"], first["value_unit"]) == ("CT", "HU")
    assert (second["modality"], second["value_unit"], second["series"]) == ("PT", "SUVbw", "PT series")
    assert first["peak"] == "" and 0 < float(second["peak"]) < float(second["maximum"])


def test_a_hidden_image_is_not_told(session, pet_ct):
    ct, pet = pet_ct
    pet.visible = False
    assert session.measuring.fused_readings(circle(ct)) == []


def test_the_peak_is_the_highest_mean_of_a_cubic_centimetre(session):
    held = pet_volume(7)
    region = circle(put(session, "PET", held))
    zz, yy, xx = np.meshgrid(*(np.arange(n) for n in GRID.size[::-1]), indexing="ij")
    sx, sy, sz = GRID.spacing
    best = max(
        float(held.array[((xx - x) * sx) ** 2 + ((yy - y) * sy) ** 2 + ((zz - 5) * sz) ** 2 <= RADIUS**2].mean())
        for y, x in zip(*np.nonzero(inside(GRID, 5)), strict=True)
    )
    assert 4 / 3 * np.pi * RADIUS**3 == pytest.approx(1000)
    assert region_peak(region, held) == pytest.approx(best, rel=1e-6)
    assert read(region, held).statistics[0].peak == pytest.approx(best * FACTOR, rel=1e-6)


def test_where_no_body_weight_is_known_activities_are_told(session):
    held = volume(GRID, np.full(GRID.size[::-1], 1234.0, np.float32), "PT", "Bq/ml")
    layer = put(session, "PET", held)
    assert session.looking.values_at((0.0, 0.0, 15.0)) == [("PET", "1234 Bq/ml")]
    reading = read(circle(layer), held)
    assert reading.unit == "Bq/ml" and reading.statistics[0].peak is None


def test_suv_and_activity_are_told_under_the_mouse(session, pet_ct):
    _, pet = pet_ct
    world = GRID.index_to_world((20, 16, 5))
    activity = float(pet.volume.array[5, 16, 20])
    (name, told), _ = session.looking.values_at(world)
    assert name == "PET" and told.startswith(f"{activity * FACTOR:.3g} SUVbw (") and told.endswith(" Bq/ml)")
