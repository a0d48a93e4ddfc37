"""The values of an image stay where they are, whatever else holds it: drawing reads them without a lock."""

from __future__ import annotations

import pickle
from copy import deepcopy
from threading import Thread

import numpy as np
import SimpleITK as sitk

from pellucid.model.volume import Volume, geometry_of
from pellucid.operations.pixels import pinned, view


def place(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_a_copy_of_the_image_moves_nothing():
    volume = Volume(image := sitk.Image(32, 32, 8, sitk.sitkInt16), geometry_of(image))
    shown = place(volume.array)
    shared = sitk.Image(image)
    assert place(view(image)) == shown and place(Volume(image, volume.geometry).array) == shown
    assert view(shared).shape == (8, 32, 32)


def test_a_filter_that_runs_moves_nothing():
    image = sitk.GetImageFromArray(np.random.default_rng(1).integers(0, 99, (32, 192, 192)).astype(np.int16))
    shown, places = view(pinned(image)), []
    median = sitk.MedianImageFilter()
    median.SetRadius(2)
    median.AddCommand(sitk.sitkProgressEvent, lambda: places.append(place(view(image))))
    worker = Thread(target=lambda: median.Execute(image))
    worker.start()
    worker.join()
    assert set(places) == {place(shown)}


def test_an_image_that_moved_leaves_its_values_to_those_who_look_at_them():
    image = sitk.GetImageFromArray(np.full((4, 5), 7, np.uint8))
    shown = Volume(image, geometry_of(image)).array
    others = [sitk.Image(image), deepcopy(image), pickle.loads(pickle.dumps(image)), image + 0]
    for other in others:
        other[0, 0] = 99
        assert view(other)[0, 0, 0] == 99
    del others, other
    assert (shown == 7).all() and (view(image) == 7).all()
