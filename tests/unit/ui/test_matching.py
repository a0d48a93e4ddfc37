"""What the command palette finds for what is typed, and in which order."""

from __future__ import annotations

import pytest

from pellucid.ui.matching import fit


def best(query, *titles):
    """Return the titles that fit, the best first; ties keep the given order."""
    found = [(fit(query, title), title) for title in titles]
    return [title for points, title in sorted(((p, t) for p, t in found if p is not None), key=lambda row: -row[0])]


def test_beginnings_come_before_middles_and_middles_before_scattered_letters():
    titles = ("Recrop", "Window crop", "Crop", "Close open part", "Save")
    assert best("crop", *titles) == ["Crop", "Window crop", "Recrop", ]
    assert best("clop", "Close open part") == ["Close open part"]


def test_the_whole_name_wins():
    assert best("fit", "Fit", "Fit to slices", "Outfit")[0] == "Fit"


def test_initials_and_several_words_in_any_order():
    assert best("gm", "Gaussian", "Gradient magnitude") == ["Gradient magnitude"]
    assert best("mag grad", "Gaussian", "Gradient magnitude") == ["Gradient magnitude"]


@pytest.mark.parametrize("query", ["MÜLLER", "muller", "müll"])
def test_case_and_accents_do_not_count(query):
    assert fit(query, "Müller cells") is not None


def test_menu_marks_do_not_count():
    assert fit("save work as", "Save work &as…") > fit("save work as", "Save work assets")


def test_words_around_count_less_than_the_title_and_never_as_scattered_letters():
    assert fit("blur", "Gaussian", "blur smooth") < fit("blur", "Blur")
    assert fit("bl", "Gaussian", "about the lung") is None


def test_every_word_must_fit():
    assert fit("gaussian banana", "Gaussian") is None
    assert fit("zzz", "Gaussian", "blur") is None


def test_scattered_letters_must_stand_close_and_begin_a_word():
    assert fit("gsn", "Gaussian") is not None
    assert fit("asn", "Gaussian") is None
    assert fit("si", "Save everything there is in") is None


def test_an_empty_query_fits_everything_alike():
    assert fit("", "Anything") is not None
