"""The window speaks the language that was chosen, so do Qt's own buttons and the processes that decode."""

from __future__ import annotations

import io

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from pydantic import ValidationError
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtWidgets import QApplication, QDialogButtonBox

from pellucid import language, main, paths
from pellucid.dicom.child import Pool
from pellucid.model.findings import Refused
from pellucid.settings import Settings

GERMAN = {
    "Studies": "Untersuchungen",
    "&File": "&Datei",
    "{name} could not be read: its contents are damaged.": "{name} ist beschädigt.",
    "Follow system": "Wie das System",
    "Language": "Sprache",
    "The language changes when Pellucid starts again.": "Die Sprache wechselt beim nächsten Start.",
}


@pytest.fixture
def german(tmp_path, monkeypatch, qapp):
    """Offer a small German catalogue; take every translator out again."""
    catalog, out = Catalog(locale="de"), io.BytesIO()
    for english, shown in GERMAN.items():
        catalog.add(english, shown)
    write_mo(out, catalog)
    resources = paths.resources()
    folder = tmp_path / "resources" / "translations"
    folder.mkdir(parents=True)
    (folder / "de.mo").write_bytes(out.getvalue())
    for name in ("presets", "themes"):
        (tmp_path / "resources" / name).symlink_to(resources / name)
    monkeypatch.setattr(paths, "resources", lambda: tmp_path / "resources")
    monkeypatch.setattr("pellucid.ui.dialogs.preferences.resources", lambda: tmp_path / "resources")
    yield folder
    language.use(folder, language.ENGLISH)
    for translator in QApplication.instance().findChildren(QTranslator):
        QApplication.removeTranslator(translator)
        translator.deleteLater()


def test_window_and_buttons_of_qt_follow(german, qapp, qtbot):
    assert main.speak(qapp, "de") == "de"
    window = main.make_window(Settings())
    qtbot.addWidget(window)
    assert window.docks["Studies"].windowTitle() == "Untersuchungen"
    assert window.docks["Studies"].objectName() == "dock.Studies"
    assert window.menuBar().actions()[0].text() == "&Datei"
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(buttons)
    assert buttons.buttons()[0].text() == "Abbrechen"
    window.close_without_asking()


def test_the_system_is_asked_in_its_order(german, qapp, monkeypatch):
    for asked, spoken in ((["de-AT", "en"], "de"), (["fr-FR", "de"], "de"), (["en-GB", "de"], "en"), (["C"], "en")):
        monkeypatch.setattr(QLocale, "uiLanguages", lambda _self, asked=asked: asked)
        assert main.speak(qapp, "system") == spoken
    assert main.speak(qapp, "fr") == "en"
    assert language.tr("Studies") == "Studies"


def test_a_catalogue_that_cannot_be_read_is_english(german, qapp):
    (german / "de.mo").write_bytes(b"no catalogue")
    main.speak(qapp, "de")
    assert language.tr("Studies") == "Studies"
    assert language.source() is None


def test_the_processes_that_decode_refuse_in_the_same_language(german, qapp, tmp_path):
    task = "decoder_tasks:refuse_translated"
    main.speak(qapp, "de")
    pool = Pool(1)
    with pytest.raises(Refused, match=r"slice\.dcm ist beschädigt"):
        pool.call(task, {"path": str(tmp_path / "slice.dcm")})
    pool.close()


def test_the_setting_is_validated():
    assert Settings().language == "system"
    assert Settings(language="de").language == "de"
    for wrong in ("", "Deutsch", "../de", "d"):
        with pytest.raises(ValidationError):
            Settings(language=wrong)


def test_the_preferences_offer_languages_by_their_own_names(german, qapp, qtbot):
    from pellucid.ui.dialogs.preferences import PreferencesDialog

    main.speak(qapp, "de")
    window = main.make_window(Settings())
    qtbot.addWidget(window)
    dialog = PreferencesDialog(window.session, window)
    names = [dialog.language.itemText(n) for n in range(dialog.language.count())]
    assert names == ["Wie das System", "English", "Deutsch"]
    said = []
    window.session.notice.connect(lambda text, _severity: said.append(text))
    dialog.language.set_value("en")
    dialog.accept()
    assert window.session.settings.language == "en"
    assert said == ["Die Sprache wechselt beim nächsten Start."]
    window.close_without_asking()
