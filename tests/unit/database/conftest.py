"""A database of its own for every test, and small studies to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pellucid.database.store import Store
from pellucid.dicom.child import Pool
from study_making import make_people


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    pool = Pool(workers=2)
    yield pool
    pool.close()


@pytest.fixture
def store(private_folders: Path) -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    make_people(folder)
    (folder / "notes.txt").write_text("not DICOM")
    return folder
