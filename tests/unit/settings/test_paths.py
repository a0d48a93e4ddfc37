"""Resources are found in each way to install; user folders are private."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from pellucid import paths


def test_a_clone_has_its_resources() -> None:
    assert paths.resources() == Path(__file__).resolve().parents[3] / "resources"


def test_a_wheel_carries_its_resources_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "site-packages" / "pellucid" / "resources"
    inside.mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(inside.parent / "paths.py"))
    assert paths.resources() == inside


def test_a_frozen_build_unpacks_its_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked = tmp_path / "pellucid" / "resources"
    unpacked.mkdir(parents=True)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.resources() == unpacked


def test_missing_resources_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "a" / "b" / "pellucid" / "paths.py"))
    with pytest.raises(FileNotFoundError, match="resources of Pellucid are missing"):
        paths.resources()


@pytest.mark.parametrize("find", [paths.config_dir, paths.cache_dir, paths.log_dir])
def test_folders_follow_the_environment_and_are_private(find, private_folders: Path) -> None:
    folder = find()
    assert folder.parent == private_folders and folder.is_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_the_variable_the_system_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PELLUCID_HOME")
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    folders = {paths.config_dir(), paths.cache_dir(), paths.log_dir()}
    assert all(folder.is_dir() for folder in folders)
    if sys.platform.startswith("linux"):
        assert all(tmp_path in folder.parents for folder in folders)
