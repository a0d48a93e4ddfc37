"""Where things are: resources that came with the program, and the user's own folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_APPLICATION = "pellucid"


def resources() -> Path:
    """Return the folder of icons, presets and themes: of a frozen build, a wheel or a clone."""
    package = Path(__file__).resolve().parent
    frozen = Path(getattr(sys, "_MEIPASS", package.parent)) / _APPLICATION / "resources"
    candidates = (frozen, package / "resources", package.parents[1] / "resources")
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the resources of Pellucid are missing: {candidates[-1]}; install it again")


def config_dir() -> Path:
    """Return the folder of the user's settings, made on first use."""
    return _user_dir("config")


def cache_dir() -> Path:
    """Return the folder of what can be made again (demo study, thumbnails), made on first use."""
    return _user_dir("cache")


def data_dir() -> Path:
    """Return the folder of what the user asked to keep (the study database, what was retrieved), made on first use."""
    return _user_dir("data")


def log_dir() -> Path:
    """Return the folder of logs, made on first use."""
    return _user_dir("log")


def _user_dir(kind: str) -> Path:
    """Make the folder readable by its owner only: paths and logs may name patients."""
    home = os.environ.get("PELLUCID_HOME")
    if home:
        folder = Path(home) / kind
    else:
        import platformdirs

        find = {
            "config": platformdirs.user_config_path,
            "data": platformdirs.user_data_path,
            "cache": platformdirs.user_cache_path,
            "log": platformdirs.user_log_path,
        }[kind]
        folder = find(_APPLICATION, appauthor=False)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
