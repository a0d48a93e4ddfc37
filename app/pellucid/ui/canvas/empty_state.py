"""What the canvas says when nothing is open: what to do, or what is being done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.ui import theme

_INVITATION = mark("Drop a folder of DICOM or an image here")
_ALSO = mark("NIfTI, NRRD, MetaImage, TIFF, PNG, JPEG and BMP open too")


class EmptyState(QFrame):
    """An invitation with two buttons; while something is opened, its name and progress instead."""

    open_requested = Signal()
    demo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Nothing is open"))
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._headline = QLabel(tr(_INVITATION), alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        font = self._headline.font()
        font.setPixelSize(20)
        self._headline.setFont(font)
        self._also = QLabel(tr(_ALSO), alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._also.setObjectName("also")
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedWidth(240)
        self._progress.setAccessibleName(tr("Progress of opening"))
        self.open_button = QPushButton(tr("Open folder…"))
        self.open_button.setProperty("primary", True)
        self.open_button.setToolTip(tr("Open a folder of DICOM or images (Ctrl+O)"))
        self.open_button.setAccessibleName(tr("Open a folder"))
        self.demo_button = QPushButton(tr("Demo study"))
        self.demo_button.setToolTip(tr("Open a generated thorax CT with a PET and a micrograph"))
        self.demo_button.setAccessibleName(tr("Open the demo study"))
        self.open_button.clicked.connect(self.open_requested)
        self.demo_button.clicked.connect(self.demo_requested)
        self._arrange()
        self._dress()
        theme.signals.changed.connect(self._dress)
        self.say("", None)
        self.set_drop_hint(False)

    def _arrange(self) -> None:
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.open_button)
        row.addWidget(self.demo_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addStretch(1)
        for widget in (self._picture, self._headline, self._also):
            column.addWidget(widget)
        column.addWidget(self._progress, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._buttons)
        column.addStretch(1)

    def say(self, busy: str, progress: float | None) -> None:
        """Show what is being opened and how far it is (None: unknown); no text brings the invitation back."""
        self._headline.setText(busy or tr(_INVITATION))
        self._also.setVisible(not busy)
        self._buttons.setVisible(not busy)
        self._progress.setVisible(bool(busy))
        self._progress.setRange(0, 0 if progress is None else 1000)
        if progress is not None:
            self._progress.setValue(round(progress * 1000))

    @property
    def text(self) -> str:
        """Return the headline."""
        return self._headline.text()

    def set_drop_hint(self, over: bool) -> None:
        """Show that what is dragged over the canvas may be dropped."""
        color = theme.DARK.accent if over else "transparent"
        self.setStyleSheet(f"""
            EmptyState {{ background: black; border: 2px dashed {color}; }}
            EmptyState > QLabel {{ color: {theme.DARK.text}; background: transparent; }}
            EmptyState > QLabel#also {{ color: {theme.DARK.dim}; }}
            EmptyState > QWidget {{ background: transparent; }}
        """)

    def _dress(self) -> None:
        self._picture.setPixmap(theme.icon("image-filter-center-focus-weak", theme.DARK.dim).pixmap(56, 56))
