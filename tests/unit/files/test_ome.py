"""Optics and lengths from OME-XML: written by tifffile, by hand, by the vendors, and by those who mean harm."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.files import images, ome

NAMESPACE = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'


def document(image: str, instrument: str = "") -> str:
    return f'<?xml version="1.0"?><OME {NAMESPACE}>{instrument}<Image ID="Image:0">{image}</Image></OME>'


LENSES = """<Instrument ID="Instrument:0">
  <Objective ID="Objective:0" NominalMagnification="10" LensNA="0.3" Immersion="Air"/>
  <Objective ID="Objective:1" Model="Plan-Apochromat" NominalMagnification="63" CalibratedMagnification="62.5"
             LensNA="1.4" Immersion="Oil"/>
</Instrument>"""


def test_the_objective_of_the_image_is_taken_not_the_first():
    xml = document(
        '<ObjectiveSettings ID="Objective:1" RefractiveIndex="1.518"/><Pixels><Channel Name="GFP" '
        'EmissionWavelength="509" ExcitationWavelength="488" AcquisitionMode="LaserScanningConfocalMicroscopy"/>'
        '<Channel ExcitationWavelength="0.561" ExcitationWavelengthUnit="µm"/></Pixels>',
        LENSES,
    )
    first, second = ome.optics(xml)
    assert first == {
        "index": 1.518, "magnification": 62.5, "na": 1.4, "objective": "Plan-Apochromat", "immersion": "oil",
        "wavelength_nm": 509.0, "channel": "GFP", "confocal": True,
    }  # fmt: skip
    assert second["wavelength_nm"] == pytest.approx(561) and not second["confocal"] and second["channel"] == ""


def test_of_several_lenses_none_is_guessed():
    (row,) = ome.optics(document('<Pixels><Channel Name="DAPI"/></Pixels>', LENSES))
    assert row.get("na") is None and row["channel"] == "DAPI"


@pytest.mark.parametrize("value", ["", "-1", "0", "nan", "inf", "1e999", "eight"])
def test_numbers_that_are_none_are_left_out(value):
    xml = document(f'<Pixels PhysicalSizeX="{value}"><Channel EmissionWavelength="{value}" Name="a"/></Pixels>')
    assert ome.optics(xml)[0]["wavelength_nm"] is None and ome.spacing(xml)[0] is None


@pytest.mark.parametrize(
    "xml",
    ["", "<", "<OME/>", document(""), document("<Pixels/>"), document("<Pixels><Channel/></Pixels>")],
)
def test_nothing_said_is_nothing(xml):
    assert ome.optics(xml) == []


def test_entities_are_refused_before_they_grow():
    bomb = '<!DOCTYPE OME [<!ENTITY a "ha"><!ENTITY b "' + "&a;" * 1000 + '">]>'
    xml = bomb + document('<Pixels PhysicalSizeX="1"><Channel Name="&b;"/></Pixels>').split("?>", 1)[1]
    assert ome.optics(xml) == [] and ome.spacing(xml) == [None, None, None]


def test_long_names_are_cut():
    (row,) = ome.optics(document(f'<Pixels><Channel Name="{"x" * 5000}"/></Pixels>'))
    assert len(row["channel"]) == 80


def write(path, array, **metadata):
    import tifffile

    tifffile.imwrite(path, array, ome=True, photometric="minisblack", metadata=metadata)


def test_every_frame_has_the_optics_of_its_channel(tmp_path):
    """Two time points of three channels: frames run T slowest, and each knows its own channel."""
    array = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    channels = {"Name": ["DAPI", "GFP", "Cy5"], "EmissionWavelength": [461, 509, 666],
                "EmissionWavelengthUnit": ["nm"] * 3}  # fmt: skip
    write(tmp_path / "a.ome.tif", array, axes="TCYX", PhysicalSizeX=0.1, PhysicalSizeXUnit="µm", PhysicalSizeY=0.1,
          PhysicalSizeYUnit="µm", Channel=channels)  # fmt: skip
    volumes = images.read(tmp_path / "a.ome.tif")
    assert [v.acquisition.optics.channel for v in volumes] == ["DAPI", "GFP", "Cy5"] * 2
    assert [v.acquisition.optics.wavelength_nm for v in volumes] == [461, 509, 666] * 2
    assert np.array_equal([v.array[0] for v in volumes], array.reshape(6, 4, 5))
    assert volumes[0].geometry.spacing[:2] == pytest.approx((1e-4, 1e-4)) and volumes[0].geometry.has_lengths


def test_a_plain_tiff_has_no_optics(tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.uint8))
    (volume,) = images.read(tmp_path / "a.tif")
    assert volume.acquisition.optics is None


@pytest.mark.data
def test_a_real_file_of_a_vendor(data_dir):
    files = sorted((data_dir / "microscopy_vendor").glob("*.ome.tif*"))
    assert files
    for path in files:
        for volume in images.read(path):
            assert volume.acquisition.optics is None or volume.acquisition.optics.source == "OME metadata"


def test_stored_numbers_of_a_scaled_nifti(tmp_path):
    import nibabel

    raw = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    picture = nibabel.Nifti1Image(raw, np.eye(4))
    picture.header.set_slope_inter(0.5, -3)
    nibabel.save(picture, tmp_path / "a.nii")
    (volume,) = images.read(tmp_path / "a.nii")
    assert volume.rescale.at(0) == (0.5, -3.0) and volume.rescale.type_name == "int16"
    z = np.broadcast_to(np.arange(4)[:, None, None], (4, 3, 2))
    file = nibabel.load(tmp_path / "a.nii")
    stored = np.asarray(file.dataobj.get_unscaled())
    assert np.array_equal(volume.rescale.stored(volume.array, z), stored.transpose(2, 1, 0))
