"""Settings survive damage, newer versions and half-written files; they never stop the program."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from pydantic import ValidationError

from pellucid import paths
from pellucid.settings import FILE_NAME, RECENT_LIMIT, SCHEMA_VERSION, OwnPreset, Settings


def load() -> Settings:
    return Settings.load(paths.config_dir())


def save(theme: str) -> None:
    settings = load()
    settings.theme = theme
    settings.save()


def file_of_settings() -> Path:
    return paths.config_dir() / FILE_NAME


def test_without_a_file_there_are_defaults() -> None:
    assert load().model_dump() == Settings().model_dump()


def test_what_is_saved_is_loaded() -> None:
    settings = load()
    settings.theme = "light"
    settings.own_presets = [OwnPreset(name="Liver Ωμέγα", level=60, width=160, modality="CT")]
    settings.history_budget_mb = 2048
    settings.remember("/images/ünï 头.nii")
    settings.save()
    assert load() == settings


def test_settings_that_came_from_nowhere_are_not_written() -> None:
    Settings(theme="light").save()
    assert list(paths.config_dir().iterdir()) == []


def test_saving_leaves_one_file_and_replaces_the_old_one() -> None:
    for theme in ("dark", "light"):
        save(theme)
    assert [file.name for file in paths.config_dir().iterdir()] == ["settings.json"]
    assert json.loads(file_of_settings().read_text(encoding="utf-8"))["theme"] == "light"


def test_a_failing_save_keeps_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    save("light")

    def full_disk(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        save("system")
    assert load().theme == "light"
    assert [file.name for file in paths.config_dir().iterdir()] == ["settings.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b"null", b"[" * 100_000])
def test_a_broken_file_is_set_aside(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    file = file_of_settings()
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert load().model_dump() == Settings().model_dump()
    assert not file.exists()
    assert file.with_name("settings.json.broken").read_bytes() == content
    assert "settings.json.broken" in caplog.text


def test_only_the_invalid_values_fall_back() -> None:
    values = {"theme": "pink", "hide_identity": True, "history_budget_mb": -3, "from_the_future": 1}
    file_of_settings().write_text(json.dumps(values), encoding="utf-8")
    settings = load()
    assert (settings.theme, settings.hide_identity, settings.history_budget_mb) == ("system", True, 1024)
    assert "from_the_future" not in settings.model_dump()


def test_an_older_or_newer_version_is_read_and_written_as_ours() -> None:
    file_of_settings().write_text('{"schema_version": 99, "theme": "light"}', encoding="utf-8")
    settings = load()
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


@pytest.mark.hazard("H34")
def test_without_the_recent_list_no_folder_is_kept_on_disk() -> None:
    settings = load()
    settings.keep_recent, settings.last_folder = False, "/patients/secret"
    settings.recent = ["/patients/secret/scan"]
    settings.save()
    assert "secret" not in file_of_settings().read_text(encoding="utf-8")
    assert load().last_folder == "" and not load().keep_recent


def test_defaults_are_not_shared_between_settings() -> None:
    Settings().recent.append("x")
    assert Settings().recent == []


OLD = {
    "schema_version": 1, "recent": ["/images/a.nii"], "keep_recent": False,
    "own_presets": [{"name": "Liver", "level": 60.0, "width": 160.0, "modality": "CT"}], "theme": "light",
    "invert_window_vertical": True, "left_tool": "brush", "interpolate": False, "hide_identity": True,
    "history_budget_mb": 512, "memory_cap_mb": 2048, "window_geometry": "", "window_state": "",
    "last_folder": "/images",
}  # fmt: skip
"""What the first Pellucid wrote, by hand."""


def test_settings_of_the_first_version_are_kept_and_its_tools_are_ones_of_now() -> None:
    file_of_settings().write_text(json.dumps(OLD), encoding="utf-8")
    settings = load()
    kept = settings.model_dump(include=OLD.keys() - {"left_tool", "memory_cap_mb"})
    assert kept == {key: value for key, value in OLD.items() if key in kept}
    assert settings.left_tool == "window" and settings.hide_identity and settings.layouts == []
