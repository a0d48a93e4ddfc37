from __future__ import annotations

from collections.abc import Iterator

import pytest

from pellucid.dicom.child import Pool


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    pool = Pool()
    pool.start()
    yield pool
    pool.close()
