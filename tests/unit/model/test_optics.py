"""Limits of resolution against worked numbers, and the verdict that follows from them."""

from __future__ import annotations

import math

import pytest

from pellucid.model.optics import (
    Mode,
    Optics,
    Setting,
    axial_verdict,
    complaints,
    lateral_verdict,
    length,
    specimen_pixel,
)

OIL = Setting(na=1.4, wavelength_nm=520, index=1.515)


def test_worked_numbers_of_an_oil_lens():
    """NA 1.4, 520 nm, n 1.515: 227 nm, 186 nm and 804 nm, computed by hand."""
    assert OIL.rayleigh == pytest.approx(0.226571, abs=1e-6)
    assert OIL.abbe == pytest.approx(0.185714, abs=1e-6)
    assert OIL.axial == pytest.approx(0.803878, abs=1e-6)


def test_worked_numbers_of_a_dry_lens():
    dry = Setting(na=0.75, wavelength_nm=550)
    assert (dry.rayleigh, dry.abbe, dry.axial) == pytest.approx((0.447333, 0.366667, 1.955556), abs=1e-6)


def test_rayleigh_is_the_first_zero_of_the_airy_pattern():
    """The factor is that of the first zero of J1, 3.8317, over 2π."""
    from scipy.special import jn_zeros

    assert OIL.rayleigh == pytest.approx(jn_zeros(1, 1)[0] / (2 * math.pi) * 0.52 / 1.4, rel=2e-3)


def test_two_samples_carry_the_highest_frequency_and_a_little_less_does_not():
    cutoff = 2 * OIL.na / 0.52
    assert 1 / (2 * OIL.pixel_needed) == pytest.approx(cutoff)
    assert OIL.pixel_advised == pytest.approx(OIL.rayleigh / 2.3)


def test_a_closed_pinhole_resolves_more():
    confocal = Setting(na=1.4, wavelength_nm=520, index=1.515, mode=Mode.CONFOCAL)
    assert confocal.rayleigh == pytest.approx(0.4 * 0.52 / 1.4) and confocal.abbe == pytest.approx(OIL.abbe / 2**0.5)
    assert confocal.axial == pytest.approx(0.7 * OIL.axial)


@pytest.mark.parametrize(
    ("pixel", "words"),
    [(0.065, "Diffraction-limited"), (0.0928, "Diffraction-limited"), (0.0930, "Sampling-limited"),
     (0.2, "Sampling-limited"), (0.02, "times finer than needed"), (None, "pixel size is unknown")],
)  # fmt: skip
def test_the_verdict_turns_at_half_the_abbe_limit(pixel, words):
    said = lateral_verdict(Setting(na=1.4, wavelength_nm=520, index=1.515, pixel=pixel))
    assert words in said


def test_the_verdict_names_the_numbers():
    said = lateral_verdict(Setting(na=1.4, wavelength_nm=520, index=1.515, pixel=0.2))
    assert "pixels of 200 nm" in said and "finer than 400 nm" in said and "186 nm" in said and "92.9 nm" in said


@pytest.mark.parametrize(("step", "words"), [(0.3, "diffraction-limited"), (0.41, "sampling-limited")])
def test_the_axial_verdict_turns_at_half_the_axial_limit(step, words):
    assert words in axial_verdict(Setting(na=1.4, wavelength_nm=520, index=1.515, step=step))
    assert axial_verdict(OIL) == ""


def test_the_camera_is_seen_through_the_lens():
    assert specimen_pixel(6.5, 63) == pytest.approx(0.103175, abs=1e-6)
    assert specimen_pixel(6.5, 100, binning=2) == pytest.approx(0.13)
    assert OIL.magnification_needed(6.5) == pytest.approx(70, abs=0.01)


def test_what_cannot_be_is_said():
    assert "impossible" in complaints(Setting(na=1.4, wavelength_nm=520, index=1.0))[0]
    assert "impossible" in complaints(Setting(na=1.0, wavelength_nm=520, index=1.0))[0]
    assert "wavelength" in complaints(Setting(na=0.5, wavelength_nm=0.52))[0]
    assert "Check the unit" in complaints(Setting(na=0.5, wavelength_nm=520, pixel=700.0))[0]
    assert complaints(OIL) == ()


@pytest.mark.parametrize(
    ("micrometres", "text"),
    [(0.18571, "186 nm"), (0.0929, "92.9 nm"), (0.9999, "1 µm"), (2.5, "2.5 µm"), (123.4, "123 µm")],
)
def test_lengths_have_three_figures(micrometres, text):
    assert length(micrometres) == text


def test_empty_optics_are_known_as_such():
    assert Optics(source="x", objective="y").is_empty and not Optics(na=0.5).is_empty
