"""Settings survive damage, newer versions and half-written files; they never stop the program."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from pydantic import ValidationError

from pellucid import paths
from pellucid.settings import RECENT_LIMIT, SCHEMA_VERSION, OwnPreset, Settings, settings_file


def test_without_a_file_there_are_defaults() -> None:
    assert Settings.load() == Settings()


def test_what_is_saved_is_loaded() -> None:
    settings = Settings(
        theme="light", own_presets=[OwnPreset(name="Liver Ωμέγα", level=60, width=160, modality="CT")]
    )
    settings.history_budget_mb = 2048
    settings.remember("/images/ünï 头.nii")
    settings.save()
    assert Settings.load() == settings
    assert settings_file().parent == paths.config_dir()


def test_saving_leaves_one_file_and_replaces_the_old_one() -> None:
    for theme in ("dark", "light"):
        Settings(theme=theme).save()
    assert [file.name for file in paths.config_dir().iterdir()] == ["settings.json"]
    assert json.loads(settings_file().read_text(encoding="utf-8"))["theme"] == "light"


def test_a_failing_save_keeps_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Settings(theme="light").save()

    def full_disk(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        Settings(theme="system").save()
    assert Settings.load().theme == "light"
    assert [file.name for file in paths.config_dir().iterdir()] == ["settings.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b"null", b"[" * 100_000])
def test_a_broken_file_is_set_aside(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    file = settings_file()
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert Settings.load() == Settings()
    assert not file.exists()
    assert file.with_name("settings.json.broken").read_bytes() == content
    assert "settings.json.broken" in caplog.text


def test_only_the_invalid_values_fall_back() -> None:
    values = {"theme": "pink", "hide_identity": True, "history_budget_mb": -3, "from_the_future": 1}
    settings_file().write_text(json.dumps(values), encoding="utf-8")
    settings = Settings.load()
    assert (settings.theme, settings.hide_identity, settings.history_budget_mb) == ("dark", True, 1024)
    assert "from_the_future" not in settings.model_dump()


def test_an_older_or_newer_version_is_read_and_written_as_ours() -> None:
    settings_file().write_text('{"schema_version": 99, "theme": "light"}', encoding="utf-8")
    settings = Settings.load()
    assert settings.theme == "light" and settings.schema_version == SCHEMA_VERSION


def test_assignment_is_validated() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.theme = "pink"  # type: ignore[assignment]
    with pytest.raises(ValidationError):
        OwnPreset(name="flat", level=0, width=0)


def test_recent_paths_are_unique_newest_first_and_bounded(tmp_path: Path) -> None:
    settings = Settings()
    for n in range(RECENT_LIMIT + 5):
        settings.remember(tmp_path / str(n))
    settings.remember(tmp_path / "10")
    assert settings.recent[0] == str(tmp_path / "10")
    assert len(settings.recent) == len(set(settings.recent)) == RECENT_LIMIT


def test_the_recent_list_can_be_switched_off() -> None:
    settings = Settings(keep_recent=False)
    settings.remember("/patients/secret")
    assert settings.recent == []


def test_defaults_are_not_shared_between_settings() -> None:
    Settings().recent.append("x")
    assert Settings().recent == []
