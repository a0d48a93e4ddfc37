"""Thumbnails kept beside the series they show: pictures of patients, so they stay in the private folder."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.database.searching import number_of
from pellucid.database.store import Store

Picture = NDArray[np.uint8]
_FILES = "SELECT path, size, mtime FROM files WHERE series = ? ORDER BY path"


def picture(store: Store, key: str) -> Picture | None:
    """Return the kept thumbnail (h, w[, 3]) of a series, None when there is none."""
    rows = store.ask("SELECT height, width, channels, pixels FROM pictures WHERE series = ?", (number_of(key),))
    if not rows:
        return None
    height, width, channels, packed = rows[0]
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape)


def files(store: Store, key: str) -> list[tuple[Any, ...]]:
    """Return which files a series has, as they were read."""
    return store.ask(_FILES, (number_of(key),))


def keep(
    store: Store, key: str, made: Picture, shown: list[tuple[Any, ...]], wanted: Callable[[], bool] = lambda: True
) -> None:
    """Keep a thumbnail with its series, if that still has the ``files`` it shows and it is still ``wanted``."""
    channels = made.shape[2] if made.ndim == 3 else 1
    packed = zlib.compress(np.ascontiguousarray(made).tobytes(), 1)
    with store.changing() as connection:
        if not wanted() or connection.execute(_FILES, (number_of(key),)).fetchall() != shown:
            return
        connection.execute(
            "INSERT OR REPLACE INTO pictures (series, height, width, channels, pixels)"
            " SELECT id, ?, ?, ?, ? FROM series WHERE id = ?",
            (*made.shape[:2], channels, packed, number_of(key)),
        )


def forget_all(store: Store) -> None:
    """Delete every kept thumbnail."""
    with store.changing() as connection:
        connection.execute("DELETE FROM pictures")
    store.empty_log()
