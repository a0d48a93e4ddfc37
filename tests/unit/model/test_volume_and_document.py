from __future__ import annotations

import gc
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

import phantoms
from pellucid.model.document import Document
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, blank_labels, unique_name
from pellucid.model.volume import geometry_of


def test_the_array_keeps_the_pixels_alive_and_cannot_be_written() -> None:
    geometry = phantoms.grid()
    values = phantoms.ramp(geometry)
    array = phantoms.volume(values, geometry).array
    part = array[3:5]
    del array
    gc.collect()
    np.testing.assert_array_equal(part, values[3:5])
    with pytest.raises(ValueError, match="read-only"):
        part[0, 0, 0] = 1


@pytest.mark.parametrize(("order", "signs"), phantoms.ORIENTATIONS[::7])
def test_the_value_at_a_world_point_is_that_of_the_nearest_voxel(
    order: phantoms.Triple, signs: phantoms.Triple
) -> None:
    marker = phantoms.marker(order, signs)
    volume = phantoms.volume(marker.array, marker.geometry)
    assert volume.value_at(np.array(marker.world) + np.array([0.4, -0.7, 1.2])) == 5000
    assert volume.value_at(np.array(marker.world) + 1000.0) is None


def test_colours_are_read_as_tuples() -> None:
    geometry = phantoms.grid()
    volume = phantoms.volume(phantoms.colour(geometry), geometry)
    assert volume.is_colour
    assert volume.value_at(geometry.index_to_world((3, 4, 5))) == (3, 4, 5)


def test_a_planar_image_becomes_one_slice() -> None:
    image = sitk.GetImageFromArray(np.zeros((5, 7), np.uint8))
    geometry = geometry_of(image)
    assert (geometry.size, geometry.is_planar) == ((7, 5, 1), True)
    assert geometry.axes[:, 2] == pytest.approx((0, 0, 1))


def test_a_filtered_volume_keeps_what_pixels_cannot_tell() -> None:
    geometry = replace(
        phantoms.uneven([0, 2, 4, 9]), known_spacing=(True, True, False), frame_of_reference="1.2"
    )
    before = phantoms.volume(np.zeros(geometry.size[::-1], np.int16), geometry, unit="HU")
    after = before.with_image(before.image + 1)
    assert after.geometry == geometry
    assert (after.unit, int(after.array.max())) == ("HU", 1)


def test_label_tables_fill_gaps_and_name_the_unnamed() -> None:
    labels = LabelMap(phantoms.grid(), labels=(Label(3, "c", "#ffffff"), Label(1, "a", "#ffffff")))
    assert [row.value for row in labels.labels] == [1, 3]
    assert labels.free_value() == 2
    assert labels.label(7).name == "Label 7"
    with pytest.raises(ValueError, match="does not fit"):
        LabelMap(phantoms.grid(), np.zeros((1, 2, 3), np.uint8))


def test_a_document_knows_what_is_active_and_which_grid_it_follows() -> None:
    document = Document()
    assert (document.reference, document.active_image, document.active_labels) == (None, None, None)
    grid, other = phantoms.grid(), phantoms.grid((5, 5, 5))
    bottom, top = (ImageLayer(name, (phantoms.volume(np.zeros(g.size[::-1]), g),)) for name, g in
                   (("bottom", grid), ("top", other)))  # fmt: skip
    labels = LabelLayer("labels", blank_labels(grid))
    for position, layer in enumerate((bottom, top, labels)):
        document.insert(position, layer)
    assert document.active is bottom
    document.active = labels
    assert document.active_image is bottom
    assert document.active_labels is labels
    document.active = top
    assert document.active_labels is None
    assert document.reference == grid
    document.remove(top)
    assert document.active is labels
    with pytest.raises(ValueError, match="not in the document"):
        document.position(top)
    assert unique_name("a", {"a", "a 2"}) == "a 3"
