"""The windows of an image as its files say them (PS3.3 C.11.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.dicom.writing.texts import decimal, line
from pellucid.model.volume import Acquisition

if TYPE_CHECKING:
    from pydicom import Dataset


def put_windows(dataset: Dataset, acquisition: Acquisition) -> None:
    """Write the windows that came with the image; those of one function, for one function holds for all."""
    windows = [window for window in acquisition.windows if window.table is None and window.width > 0]
    windows = [window for window in windows if window.function == windows[0].function]
    if not windows or (windows[0].function == "LINEAR" and min(window.width for window in windows) < 1):
        return
    dataset.WindowCenter = [decimal(window.level) for window in windows]
    dataset.WindowWidth = [decimal(window.width) for window in windows]
    if any(window.name for window in windows):
        dataset.WindowCenterWidthExplanation = [line(window.name) for window in windows]
    if windows[0].function != "LINEAR":
        dataset.VOILUTFunction = windows[0].function
