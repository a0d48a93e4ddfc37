"""Names that try to lead out of a folder, or mean a device somewhere (hazard H37): 500 of them, always the same."""

from __future__ import annotations

import random

_DEVICES = ("CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT1", "CONIN$", "CLOCK$", "nul.dcm", "Con .txt", "COM¹")
_WAYS = (
    "../{}", "../../{}", "../../../../../../../../{}", "/{}", "//{}", "///{}", "/tmp/{}", "/etc/{}", "~/{}", "~root/{}",
    "C:/{}", "C:{}", "c:/windows/{}", "//server/share/{}", "//?/C:/{}", "//./{}", "/dev/{}", "/proc/self/{}", "./{}",
    "a/../../{}", "a/./../../{}", "a//../..//{}", "{}/..", "{}/../..", "..{}", "...{}", ".. /{}", " ../{}", "%2e%2e/{}",
    "%2e%2e%2f{}", "..%00/{}", "\u2025/{}", "\uff0e\uff0e/{}", "..\u2215{}", "$HOME/{}", "`id`{}", "$(id){}", "|{}",
    ";{}",
    "{}\0.dcm", "{}\n", "\r{}", "\x1b[2J{}", "\u202e{}", "{}:stream", "{}::$DATA", "-{}", "--{}", "*{}", "?{}", "<{}>",
)  # fmt: skip
_TARGETS = ("passwd", "etc/passwd", "outside/IM001", "IM001", "x", ".ssh/authorized_keys", "evil.dcm", "a" * 300,
            "é" * 100, "outside")  # fmt: skip


def _all() -> list[str]:
    names = [way.format(target) for way in _WAYS for target in _TARGETS]
    names += [f"{way}{device}" for device in _DEVICES for way in ("", "../", "a/", "C:/")]
    names += ["", ".", "..", "/", "//", "\\", "\\\\", "a/" * 2000, "../" * 500, "\0", "/" * 300]
    random.Random(37).shuffle(names)
    return names


HOSTILE = _all()
