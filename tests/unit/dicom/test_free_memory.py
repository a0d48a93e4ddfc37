"""How much memory is free is read rightly from what each system says."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pellucid.dicom import memory


@pytest.fixture
def linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    (tmp_path / "meminfo").write_text("MemTotal: 999 kB\nMemAvailable:    5000 kB\nBuffers: 1 kB\n")
    return tmp_path


def test_linux_says_what_is_available(linux: Path) -> None:
    assert memory.free_bytes() == 5000 * 1024
    assert memory.allowed_bytes(0.5) == (5000 * 1024, 2500 * 1024)


def test_a_container_has_what_its_limit_leaves_and_its_cache(linux: Path) -> None:
    (linux / "memory.max").write_text("3000000\n")
    (linux / "memory.current").write_text("2500000\n")
    (linux / "memory.stat").write_text("anon 2000000\ninactive_file 300000\nactive_file 100000\n")
    assert memory.free_bytes() == 900_000
    (linux / "memory.max").write_text("max\n")
    assert memory.free_bytes() == 5000 * 1024


def test_without_an_answer_half_of_the_memory_counts_as_free(linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (linux / "meminfo").unlink()
    assert memory.free_bytes() >= 1 << 20
    monkeypatch.setattr(memory, "_half_of_all", lambda: 0)
    assert memory.free_bytes() == 4 << 30


def test_windows_is_asked_by_its_own_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(reference) -> int:
        status = reference._obj
        assert status.dwLength == ctypes.sizeof(status)
        status.ullTotalPhys, status.ullAvailPhys = 16 << 30, 6 << 30
        return 1

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=SimpleNamespace(GlobalMemoryStatusEx=fill)),
                        raising=False)  # fmt: skip
    assert memory.free_bytes() == 6 << 30


def test_macos_counts_free_and_inactive_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    class Host:
        def __call__(self) -> int:
            return 7

    def statistics(host, flavour, counts, length) -> int:
        assert (host.value, flavour, length._obj.value) == (7, 4, 64)
        counts._obj[0], counts._obj[1], counts._obj[2] = 1000, 5000, 500
        return 0

    monkeypatch.setattr(sys, "platform", "darwin")
    system = SimpleNamespace(mach_host_self=Host(), host_statistics64=statistics)
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: system)
    monkeypatch.setattr(memory.os, "sysconf", lambda _name: 16384)
    assert memory.free_bytes() == 1500 * 16384
