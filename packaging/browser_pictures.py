"""States of the study browser; ``pictures.py`` draws them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtTest import QTest

from pellucid.ui import theme
from pellucid.ui.browser.window import show_browser

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.ui.browser.window import BrowserWindow

BROWSER_STATES: dict[str, Callable[[Stage], None]] = {}
STUDIES = (
    ("Doe^Jane", "P-1042", "19580412", "F", "20240301", "Thorax staging", (("CT", "Lung 1 mm", "CHEST"),
     ("CT", "Soft tissue 3 mm", "CHEST"), ("PT", "PET AC", "CHEST"))),
    ("Doe^Jane", "P-1042", "19580412", "F", "20230114", "Thorax", (("CT", "Lung 2 mm", "CHEST"),)),
    ("Müller^Jörg", "77-3", "19710930", "M", "20240227", "Knee left", (("MR", "t2_tse_sag", "KNEE"),
     ("MR", "pd_fs_cor", "KNEE"))),
    ("Yamada^Tarou=山田^太郎", "0091", "19660203", "M", "20220505", "", (("US", "Abdomen", "ABDOMEN"),)),
    ("von Hohenzollern-Sigmaringen-Wettin^Maximiliane Alexandrine Josephine", "LONG-ID-0000000000000017", "19491231",
     "F", "20210810", "Follow-up of a very long description that a technician typed at the console in full sentences",
     (("DX", "PA upright with an equally long description of the series that does not fit", "CHEST"),)),
)  # fmt: skip


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    BROWSER_STATES[function.__name__] = function
    return function


def make_studies(folder: Path) -> None:
    """Write small studies of people who do not exist."""
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from dicom_making import save, slice_dataset

    rows, columns = np.mgrid[-1:1:64j, -1:1:64j]
    for n, (name, number, birth, sex, date, about, series) in enumerate(STUDIES):
        for k, (modality, title, body) in enumerate(series):
            disc = (np.hypot(rows, columns * (1.2 + 0.2 * k)) < 0.8) * 900
            made = [
                slice_dataset((disc + 120 * np.sin(9 * rows * (k + 1) + z)).astype(np.int16), position=(0, 0, 3.0 * z),
                              series=f"1.2.{n}.{k}.1", number=z + 1, modality=modality, intercept=0,
                              PatientName=name, PatientID=number, PatientBirthDate=birth, PatientSex=sex,
                              StudyDate=date, StudyDescription=about, SeriesDescription=title, SeriesNumber=k + 1,
                              StudyInstanceUID=f"1.2.{n}", BodyPartExamined=body, AccessionNumber=f"A{n}7",
                              SpecificCharacterSet="ISO_IR 192")
                for z in range(4 + 3 * k)
            ]  # fmt: skip
            save(folder / f"{n}" / f"{k}", made)


def browser(stage: Stage, *, fill: bool = True, unfold: bool = True) -> BrowserWindow:
    """Show the browser over the window, with a folder of studies in it."""
    window = show_browser(stage.window)
    window.resize(1040, 640)
    window.move(stage.window.pos().x() + 280, stage.window.pos().y() + 180)
    stage.popup = window
    stage.settle()
    if fill:
        folder = Path(tempfile.mkdtemp()) / "Archive"
        make_studies(folder)
        stage.session.studies.add(folder)
        stage.settle(0.6)
        if unfold:
            tree = window.index.tree
            for study in list(tree.studies.rows)[:2]:
                tree.expand(tree.studies.index_of(study.children[0]))
            stage.settle(0.5)
            tree.choose_first()
    stage.settle(0.5)
    return window


@state
def browser_off(stage: Stage) -> None:
    """Show what the browser says before a folder was added."""
    browser(stage, fill=False)


@state
def browser_filled(stage: Stage) -> None:
    """Show studies with thumbnails."""
    browser(stage)


@state
def browser_light(stage: Stage) -> None:
    """Show the same in light."""
    theme.apply(stage.app, "light")
    browser(stage)


@state
def browser_search(stage: Stage) -> None:
    """Show what a few typed letters find."""
    window = browser(stage, unfold=False)
    QTest.keyClicks(window.index.search.field, "mull kn")
    stage.settle(0.5)


@state
def browser_nothing(stage: Stage) -> None:
    """Show a question without an answer."""
    window = browser(stage, unfold=False)
    QTest.keyClicks(window.index.search.field, "xyzzy")
    stage.settle(0.5)


@state
def browser_hidden(stage: Stage) -> None:
    """Show the list while the identity is hidden."""
    stage.session.view.hide_identity = True
    browser(stage)


@state
def browser_offline(stage: Stage) -> None:
    """Show what is known of a drive that is not connected, at the least size."""
    window = browser(stage)
    root = stage.session.studies.roots[0]
    shutil.rmtree(root.path)
    stage.session.studies.update(root)
    stage.settle(0.5)
    window.resize(760, 400)
    tree = window.index.tree
    tree.expand(tree.studies.index_of(tree.studies.rows[0].children[0]))
    stage.window.notices.withdraw()
    stage.settle(0.5)


@state
def browser_delete(stage: Stage) -> None:
    """Show the question before files are deleted."""
    window = browser(stage)
    window.index.ask_delete()
    stage.settle(0.5)
    from pellucid.ui.browser.deleting import DeleteDialog

    stage.popup = window.findChild(DeleteDialog)
    stage.popup.move(stage.window.pos().x() + 500, stage.window.pos().y() + 300)
