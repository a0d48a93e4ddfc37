"""What is typed becomes a question; nothing that is typed is an error, and what is found is what a person means."""

from __future__ import annotations

import random
import sqlite3
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pellucid.database import indexing, searching
from pellucid.database.asking import folded, question
from pellucid.database.store import Store
from study_making import make_people


@pytest.fixture(scope="module")
def ask(tmp_path_factory, pool):
    folder = tmp_path_factory.mktemp("asked")
    make_people(folder / "archive")
    store = Store(folder / "database")
    indexing.update(store, store.add_root(folder / "archive"), pool=pool)

    def ask(typed: str, **more) -> set[str]:
        found = searching.search(store, question(typed, **more)).rows
        return {f"{row.patient_name.split(',')[0]} {row.date[:4]}".strip() for row in found}

    yield ask
    store.close()


EVERYBODY = {"Doe 2024", "Doe 2023", "Müller 2024", "Søren"}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", EVERYBODY),
        ("   ", EVERYBODY),
        ("doe", {"Doe 2024", "Doe 2023"}),
        ("DOE jan", {"Doe 2024", "Doe 2023"}),
        ("mull", {"Müller 2024"}),
        ("müll", {"Müller 2024"}),
        ("jorg", {"Müller 2024"}),
        ("soren", {"Søren"}),
        ("age", {"Søren"}),
        ("oe", set()),
        ("P-1042", {"Doe 2024", "Doe 2023"}),
        ("p-10", {"Doe 2024", "Doe 2023"}),
        ("77/3", {"Müller 2024"}),
        ("1042-P", set()),
        ("stag", {"Doe 2024"}),
        ("lung", {"Doe 2024", "Doe 2023"}),
        ("tse", {"Müller 2024"}),
        ("ct", {"Doe 2024", "Doe 2023"}),
        ("modality:CT", {"Doe 2024", "Doe 2023"}),
        ("mod:pt", {"Doe 2024"}),
        ("name:knee", set()),
        ("desc:knee", {"Müller 2024"}),
        ("body:knee", {"Müller 2024"}),
        ("acc:b", {"Müller 2024"}),
        ("accession:A17", {"Doe 2023"}),
        ("2024", {"Doe 2024", "Müller 2024"}),
        ("2024-03", {"Doe 2024"}),
        ("2024-02-27", {"Müller 2024"}),
        ("20240227", {"Müller 2024"}),
        ("date:2023", {"Doe 2023"}),
        ("date:2024-02", {"Müller 2024"}),
        ("2023..2024-02", {"Doe 2023", "Müller 2024"}),
        ("2024-02-28..", {"Doe 2024"}),
        ("..2023", {"Doe 2023", "Søren"}),
        ("doe 2023..2023", {"Doe 2023"}),
        ("doe 2025..", set()),
    ],
)
def test_what_a_person_means_is_found(ask, typed, found):
    assert ask(typed) == found


def test_choices_beside_the_field_narrow_it(ask):
    assert ask("doe", modality="PT") == {"Doe 2024"}
    assert ask("", first=20240228) == {"Doe 2024"}
    assert ask("", modality="C") == set()  # a choice is the whole word


HOSTILE = [
    '"', "'", "*", "**", '"*"', "a*b", "(", ")", "((a", "NEAR(", "NEAR(a b, 2)", "a OR", "AND", "NOT", "OR OR", "-",
    "--", "^a",
    "name:", ":x", "::", "name:name:", "{name id}: x", "a:b:c", "rowid:1", "words:", "+a", "a + b", "a\0b", "\0", "..",
    "…", "0000..9999", "9999-99-99", "99999999", "a" * 5000, "x " * 500, "'; DROP TABLE studies; --", "%", "_", "\\",
    "日本", "🩻", "\ud800", "\u202e", "é\u0301\u0301", "1e999", "2024-", "-2024", "2024--03", "2024-3",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_never_an_error(ask, typed):
    ask(typed)
    ask(f"doe {typed}")
    ask(f"name:{typed}")
    assert ask("") == EVERYBODY


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40) | st.text(string.punctuation + "ab01 ", max_size=30))
def test_no_text_breaks_the_syntax_of_the_index(typed):
    words = sqlite3.connect(":memory:")
    words.execute("CREATE VIRTUAL TABLE words USING fts5(name, id, description, date, modality, accession, body)")
    match = question(typed, modality=typed[:3]).match
    if match:
        words.execute("SELECT rowid FROM words WHERE words MATCH ?", (match,)).fetchall()
    words.close()


def test_marks_and_case_do_not_matter():
    assert folded("ÅNGSTRÖM Straße Łódź Ørsted") == "angstrom strasse lodz orsted"
    shuffled = list("äöüéèñçşğ")
    random.Random(3).shuffle(shuffled)
    assert folded("".join(shuffled)).isascii()
