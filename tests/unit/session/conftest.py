"""A session without a window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pellucid.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()
