"""The menu File: opening, saving, exporting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ui.actions.entry import Entry, needs_layer

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow


def show_browser(window: MainWindow, *, servers: bool = False) -> object:
    """Show the study browser, which is loaded when it is first asked for."""
    from pellucid.ui.browser.window import show_browser as show

    return show(window, servers=servers)


def ask_send(window: MainWindow) -> None:
    """Ask what to send to which server."""
    from pellucid.ui.dialogs.send import show_send

    show_send(window.session, window)


ROWS: tuple[Entry, ...] = (
    Entry("file.open_folder", "File", "Open &folder…", lambda w: w.files.ask_folder(), ("Ctrl+O",),
          "folder-open-outline", tip="Open a folder or disc of DICOM or images"),
    Entry("file.open_files", "File", "Open f&iles…", lambda w: w.files.ask_files(), ("Ctrl+Shift+O",),
          "file-image-outline", tip="Open image files, DICOM files or a saved work"),
    Entry("file.browser", "File", "Study &browser…", lambda w: show_browser(w), ("Ctrl+B",), "database-search-outline",
          tip="Find studies in the folders you added, open them, or drag series onto the panes"),
    Entry("file.servers", "File", "Find on a se&rver…", lambda w: show_browser(w, servers=True), ("Ctrl+Shift+B",),
          "server-network-outline", tip="Ask a PACS or a DICOMweb server, fetch and open its studies"),
    Entry("file.demo", "File", "Open the &demo study", lambda w: w.session.open_demo(),
          icon="flask-outline", tip="A generated thorax CT"),
    Entry("file.save", "File", "&Save work", lambda w: w.files.save(), ("Ctrl+S",), "content-save-outline",
          why_not=needs_layer, separator=True, tip="Layers, labels, windows and layout in one .pellucid file"),
    Entry("file.save_as", "File", "Save work &as…", lambda w: w.files.save_as(), ("Ctrl+Alt+S",),
          icon="content-save-edit-outline", why_not=needs_layer),
    Entry("file.export", "File", "&Export…", lambda w: w.files.export(), ("Ctrl+E",), "export-variant",
          why_not=needs_layer, tip="Write an image, a label map or a slice to a file, verified after writing"),
    Entry("file.export_dicom", "File", "Export D&ICOM…", lambda w: w.files.export_dicom(), (), "file-export-outline",
          why_not=needs_layer, tip="Write an image, labels or a picture as DICOM, verified after writing"),
    Entry("file.take_away", "File", "&Take away…", lambda w: w.files.take_away(), ("Ctrl+Shift+E",), "camera-outline",
          why_not=needs_layer, tip="A picture of the panes, or a film of slices, frames or a turn"),
    Entry("file.copy_pane", "File", "Copy the &pane", lambda w: w.files.copy_picture(layout=False),
          ("Ctrl+Shift+C",),
          icon="content-copy", why_not=needs_layer, tip="Put a picture of the pane in use on the clipboard"),
    Entry("file.copy_layout", "File", "Copy the &layout", lambda w: w.files.copy_picture(layout=True),
          icon="content-copy",
          why_not=needs_layer, tip="Put a picture of all panes on the clipboard"),
    Entry("file.send", "File", "Sen&d to a server…", ask_send, (), "upload-network-outline",
          tip="Send DICOM series or a folder of DICOM files to a PACS or a DICOMweb server"),
    Entry("file.deidentify", "File", "De-ide&ntify…", lambda w: w.files.deidentify(), (), "account-off-outline",
          tip="Copies of DICOM that do not say who the patient is, with a report"),
    Entry("file.batch", "File", "&Batch…", lambda w: w.files.batch(), (), "format-list-checks", separator=True,
          tip="Take a recipe on many images, while the window goes on being used"),
    Entry("file.close", "File", "&Close everything", lambda w: w.files.close_all(), ("Ctrl+W",),
          icon="close", why_not=needs_layer,
          separator=True),
    Entry("file.quit", "File", "&Quit", lambda w: w.close(), ("Ctrl+Q",), icon="exit-to-app"),
)  # fmt: skip
