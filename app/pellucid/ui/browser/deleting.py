"""The question before files are deleted: how many, how large, where to; the second, explicit step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFile, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QVBoxLayout, QWidget

from pellucid.language import tr, tr_count
from pellucid.model.reduction import amount
from pellucid.ui import theme
from pellucid.ui.docks.parts import dim, push_button, row

if TYPE_CHECKING:
    from pellucid.database.removing import Doomed


class DeleteDialog(QDialog):
    """Asks once; Enter and Escape both keep the files."""

    agreed = Signal(object)
    """Emitted with the function that disposes of one file."""

    def __init__(self, files: Sequence[Doomed], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Delete files"))
        self.setMinimumWidth(440)
        total = amount(sum(one.size for one in files))
        question = tr_count("Delete {count:,} file ({total}) from the disk?",
                            "Delete {count:,} files ({total}) from the disk?", len(files), total=total)  # fmt: skip
        self.question = dim(question)
        self.question.setProperty("dim", False)
        about = dim(tr("They are moved to the trash where there is one. Only files that the study database knows are "
                       "deleted: what lies behind links or was changed since stays."))  # fmt: skip
        self.for_good = QCheckBox(tr("Delete for good where there is no trash"))
        self.for_good.setToolTip(tr("Off: files that cannot be moved to the trash stay"))
        self.keep = push_button(tr("Keep the files"), self.reject, kind="primary")
        title = tr_count("Delete {count:,} file", "Delete {count:,} files", len(files))
        self.delete = push_button(title, self._agree)
        self.keep.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.SECTION_GAP)
        for widget in (self.question, about, self.for_good):
            column.addWidget(widget)
        column.addWidget(row(QWidget(), self.delete, self.keep, spacing=theme.MARGIN, stretch=0))
        self.keep.setFocus()

    def _agree(self) -> None:
        self.accept()
        self.agreed.emit(disposer(for_good=self.for_good.isChecked()))


def disposer(*, for_good: bool) -> Callable[[Path], bool]:
    """Return what moves one file to the trash, or deletes it where that cannot be and it was agreed to."""

    def dispose(path: Path) -> bool:
        if QFile.moveToTrash(str(path))[0]:
            return True
        if for_good:
            path.unlink()
        return for_good

    return dispose
