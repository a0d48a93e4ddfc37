"""Texts are looked up when they are shown, and fall back to English."""

from __future__ import annotations

import io

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from pellucid import language


@pytest.fixture
def folder(tmp_path):
    catalog = Catalog(locale="de")
    catalog.add("“{name}” is not there.", "Es gibt „{name}“ nicht.")
    catalog.add(("{count} file", "{count} files"), ("{count} Datei", "{count} Dateien"))
    out = io.BytesIO()
    write_mo(out, catalog)
    (tmp_path / "de.mo").write_bytes(out.getvalue())
    yield tmp_path
    language.use(tmp_path, language.ENGLISH)


def test_a_text_is_translated_before_its_fields_are_filled(folder):
    language.use(folder, "de")
    assert language.tr("“{name}” is not there.", name="{a}.dcm") == "Es gibt „{a}.dcm“ nicht."
    assert [language.tr_count("{count} file", "{count} files", n) for n in (1, 2)] == ["1 Datei", "2 Dateien"]


def test_what_nobody_translated_stays_english(folder):
    language.use(folder, "de")
    assert language.tr("Not in the catalogue, with {braces}") == "Not in the catalogue, with {braces}"
    assert language.tr("") == ""


def test_a_language_without_catalogue_is_english(folder):
    language.use(folder, "de")
    language.use(folder, "xx")
    assert language.tr("“{name}” is not there.", name="x") == "“x” is not there."
    assert language.available(folder) == ("en", "de")


def test_a_mark_changes_nothing():
    assert language.mark("Text") == "Text"
