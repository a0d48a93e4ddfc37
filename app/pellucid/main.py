"""Composition root of the window: arguments, QApplication, session, main window."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

from PySide6.QtCore import (
    QLibraryInfo,
    QLocale,
    QMessageLogContext,
    QSize,
    QTimer,
    QtMsgType,
    QTranslator,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from pellucid import language, paths
from pellucid.jobs.runner import Runner
from pellucid.language import tr
from pellucid.model.view import Layout
from pellucid.session import Session
from pellucid.settings import Settings
from pellucid.ui import theme
from pellucid.ui.bridge import Bridge
from pellucid.ui.failures import Failures, keep_log
from pellucid.ui.main_window import MainWindow

NAMED_LAYOUTS = {"single": Layout.SINGLE, "quad": Layout.QUAD}
NO_DISPLAY_PICTURE = "pellucid.png"


def run_window(argv: list[str]) -> int:
    """Open the window on the given paths and run it; return the exit code.

    With ``--screenshot`` a picture is written as soon as everything is loaded, and the program ends. Without a
    display it says so and writes a picture in the same way.
    """
    options = _parser().parse_args(argv)
    if options.screenshot is None and not has_display():
        options.screenshot = Path.cwd() / NO_DISPLAY_PICTURE
        print(f"There is no display here, so a picture of the window is written to {options.screenshot}.")  # noqa: T201
    if options.screenshot is not None and not has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        qInstallMessageHandler(_without_size_hints)
    app = make_application()
    settings, trouble = _settings()
    speak(app, options.language or settings.language)
    window = make_window(settings)
    theme.apply(app, options.theme or settings.theme)
    if trouble:
        said = tr("There is no folder for your settings ({why}), so they are not kept.", why=trouble)
        window.session.notice.emit(said, "warning")
    window.resize(options.size)
    window.show()
    gc.freeze()  # what the program is made of is not looked through again: that took the window 0.1 to 0.2 s each time
    threading.Thread(target=_erase_left_over, name="pellucid-erase", daemon=True).start()
    if options.layout is not None:
        window.session.arranging.choose(options.layout)
    if options.paths:
        QTimer.singleShot(0, lambda: window.files.open_paths(options.paths))
    elif options.demo:
        QTimer.singleShot(0, window.session.open_demo)
    picture = _Picture(window, options.screenshot) if options.screenshot is not None else None
    with catch_failures(window):
        result = app.exec()
    return result or (picture.code if picture else 0)


def _erase_left_over() -> None:
    """Erase what an earlier run that crashed had unpacked."""
    from pellucid.files.archives import erase_left_over

    with suppress(OSError):
        erase_left_over()


def _without_size_hints(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Print what Qt says, but not what the offscreen platform says of every window."""
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)  # noqa: T201


def make_application() -> QApplication:
    """Return the application object, made once per process."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Pellucid")
    app.setDesktopFileName("pellucid")
    return app


def _settings() -> tuple[Settings, str]:
    """Return the settings of the user; the defaults and the reason where there can be no folder for them."""
    try:
        return Settings.load(paths.config_dir()), ""
    except OSError as error:
        return Settings(), error.strerror or type(error).__name__


def speak(app: QApplication, wanted: str) -> str:
    """Let the window and Qt's own dialogs speak a language, or that of the ``"system"``; return its code."""
    folder = paths.resources() / "translations"
    codes = QLocale.system().uiLanguages() if wanted == "system" else [wanted]
    code = language.best(codes, language.available(folder))
    language.use(folder, code)
    translator = QTranslator(app)
    if translator.load(f"qtbase_{code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)
    return code


def make_window(settings: Settings) -> MainWindow:
    """Return a main window over a new session whose jobs answer on Qt's main thread."""
    bridge = Bridge()
    session = Session(settings, Runner(bridge.post))
    window = MainWindow(session)
    bridge.setParent(window)
    return window


def catch_failures(window: MainWindow) -> ExitStack:
    """Log and tell every error that reaches nobody, until the returned stack is closed."""
    session, until = window.session, ExitStack()
    log = keep_log()
    if log is not None:
        until.callback(log.close)
        until.callback(logging.getLogger("pellucid").removeHandler, log)
    failures = Failures(session.notice.emit, session.jobs.post)
    failures.install()
    until.callback(failures.remove)
    return until


def has_display() -> bool:
    """Return whether a window can be shown (always where there is no X11 or Wayland)."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return os.environ.get("QT_QPA_PLATFORM") != "offscreen"
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class _Picture:
    """Writes a picture of the window once everything is loaded, and ends the program."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        self.code = 0
        self._window, self._path = window, path
        window.session.notice.connect(self._hear)
        window.when_idle(self._write)

    def _hear(self, sentence: str, severity: str) -> None:
        if severity != "info":
            print(sentence, file=sys.stderr)  # noqa: T201
            self.code = 1 if severity == "error" else self.code

    def _write(self) -> None:
        if not self._window.grab().save(str(self._path)):
            print(f"The picture {self._path} could not be written. Check the folder.", file=sys.stderr)  # noqa: T201
            self.code = 1
        self._window.close_without_asking()


def _size(text: str) -> QSize:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size like 1600x1000") from error
    if not (320 <= width <= 16384 and 240 <= height <= 16384):
        raise argparse.ArgumentTypeError("the size must lie between 320x240 and 16384x16384")
    return QSize(width, height)


def _panes(text: str) -> Layout:
    try:
        return NAMED_LAYOUTS.get(text) or Layout.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a layout like 2x3 (at most 4x4)") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("pellucid view", description="Open images in the window.")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="folders, DICOM or image files, or a .pellucid file")
    parser.add_argument("--screenshot", type=Path, metavar="F", help="write a picture of the window and end")
    parser.add_argument("--size", type=_size, default=QSize(1600, 1000), metavar="WxH", help="size of the window")
    parser.add_argument("--layout", type=_panes, metavar="RxC", help="rows and columns of panes: 1x1, 2x2, … 4x4")
    parser.add_argument("--theme", choices=("dark", "light", "system"), help="look of the window")
    known = language.available(paths.resources() / "translations")
    parser.add_argument("--language", choices=("system", *known), help="language of the window")
    parser.add_argument("--demo", action="store_true", help="open the built-in demo study")
    return parser
