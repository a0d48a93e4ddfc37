"""What the tests of the network share: a real Orthanc, nodes of it, and studies to put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, stack
from odd_web import odd
from orthanc_server import PASSWORD, TITLE, USER, Orthanc, moving_port, orthanc
from pellucid.network.nodes import DimseNode, ListenerSettings, WebNode

__all__ = ["moving_port", "odd", "orthanc"]

Study = Callable[..., list[Path]]


@pytest.fixture
def server(orthanc: Orthanc) -> Iterator[Orthanc]:
    """Return the server, empty."""
    orthanc.clear()
    return orthanc


@pytest.fixture
def dimse(orthanc: Orthanc) -> DimseNode:
    return DimseNode(name="Main PACS", title=TITLE, host="127.0.0.1", port=orthanc.dicom_port)


@pytest.fixture
def moving(dimse: DimseNode) -> DimseNode:
    return dimse.model_copy(update={"retrieve": "move"})


@pytest.fixture
def web(orthanc: Orthanc) -> WebNode:
    return WebNode(name="Main PACS", url=orthanc.url, auth="basic", user=USER)


@pytest.fixture
def secret() -> str:
    return PASSWORD


@pytest.fixture
def listening(moving_port: int) -> ListenerSettings:
    return ListenerSettings(port=moving_port, keep_free_mb=0)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Return a function that makes the files of a series; values of the header may be given."""

    def make(count: int = 6, *, series: str = "1.2.3.1", size: tuple[int, int] = (6, 5), **more: object) -> list[Path]:
        _, slices = stack(count, series=series, size=size, seed=len(series), **more)
        for number, one in enumerate(slices):
            one.SpecificCharacterSet = "ISO_IR 192"
            one.SOPInstanceUID = f"{series}.{number + 1}"
            one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        return save(tmp_path / f"made-{series}", slices)

    return make


def pixels(path: Path) -> np.ndarray:
    import pydicom

    return pydicom.dcmread(path).pixel_array
