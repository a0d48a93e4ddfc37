"""ZIP archives: unpacked under names of ours into a private folder that goes again; bombs and tricks are refused."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, stack
from hostile_names import HOSTILE
from measured_pool import MeasuredPool
from pellucid import paths
from pellucid.dicom.child import Cancelled, Pool
from pellucid.files import archives, unzipping
from pellucid.files.discover import discover
from pellucid.model.findings import Refused
from pellucid.session.session import Session

pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")


@pytest.fixture(scope="module")
def pool():
    pool = Pool(workers=1)
    yield pool
    pool.close()


@pytest.fixture(autouse=True)
def erased():
    yield
    archives.erase_ours()


@pytest.fixture
def slices(tmp_path):
    _, slices = stack(3, series="3.3")
    return save(tmp_path / "slices", slices)


def zipped(path: Path, files: dict[str, bytes], method=zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.name != ".in-use"}


def test_what_is_inside_is_found_as_in_a_folder(tmp_path, slices, pool):
    import SimpleITK as sitk

    image = tmp_path / "brain.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(60, dtype=np.int16).reshape(3, 4, 5)), image)
    files = {f"a/{n}": path.read_bytes() for n, path in enumerate(slices)}
    found = discover([zipped(tmp_path / "x.zip", files | {"b/brain.nii.gz": image.read_bytes()})], pool=pool)
    assert [len(series.volumes[0].frames) for series in found.series] == [3]
    assert [one.geometry.size for one in found.images] == [(5, 4, 3)] and found.problems == ()


@pytest.mark.hazard("H37")
def test_500_hostile_names_write_nothing_outside(tmp_path, slices, pool):
    content = slices[0].read_bytes()
    path = tmp_path / "hostile.zip"
    assert len(HOSTILE) >= 500
    with zipfile.ZipFile(path, "w") as archive:
        for name in HOSTILE:
            info = zipfile.ZipInfo("x")
            info.filename = name[:60000]
            archive.writestr(info, content)
    before = below(tmp_path)
    unpacked = archives.unpack(path, pool=pool)
    inside = below(unpacked.folder)
    assert below(tmp_path) == before
    above = paths.cache_dir() / "unpacked"
    assert {folder.parent for folder in (unpacked.folder,)} == {above}
    assert below(paths.cache_dir()) == inside and len(inside) > 400
    assert all(file.name.split(".")[0].isdigit() and file.parent.parent == unpacked.folder for file in inside)
    assert all(file.read_bytes() == content for file in inside)


@pytest.mark.hazard("H34")
@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_nobody_else_can_read_what_was_unpacked(tmp_path, slices, pool):
    before = os.umask(0)
    try:
        unpacked = archives.unpack(zipped(tmp_path / "x.zip", {"a": slices[0].read_bytes()}), pool=pool)
    finally:
        os.umask(before)
    for place in (unpacked.folder.parent, unpacked.folder, *unpacked.folder.rglob("*")):
        if place.name != ".in-use":
            assert place.stat().st_mode & 0o077 == 0


def test_links_devices_passwords_and_archives_inside_are_left_out_and_said(tmp_path, slices, pool):
    path = tmp_path / "mixed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good", slices[0].read_bytes())
        for name, mode in (("link", stat.S_IFLNK), ("device", stat.S_IFBLK), ("fifo", stat.S_IFIFO)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        archive.writestr("inner.zip", b"PK\3\4")
        archive.writestr("inner.tar", b"x")
        archive.writestr("__MACOSX/._good", b"x")
    unpacked = archives.unpack(path, pool=pool)
    assert len(below(unpacked.folder)) == 1
    said = " ".join(unpacked.said)
    assert "2 archives inside mixed.zip were not opened" in said and "3 links or devices" in said


def encrypt(path: Path) -> None:
    """Set the flag of every file that says it is encrypted."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    path.write_bytes(data)


def test_one_with_a_password_is_a_sentence(tmp_path, slices, pool):
    path = zipped(tmp_path / "secret.zip", {f"{n}": file.read_bytes() for n, file in enumerate(slices)})
    encrypt(path)
    found = discover([path], pool=pool)
    assert found.series == () and "3 files in secret.zip need a password" in found.problems[0].sentence


@pytest.mark.parametrize("what", ["empty", "noise", "cut", "folders only"])
def test_one_that_holds_nothing_is_a_sentence(tmp_path, slices, pool, what):
    path = zipped(tmp_path / "x.zip", {"a": slices[0].read_bytes(), "b": b"x" * 1000})
    content = path.read_bytes()
    contents = {"empty": b"", "noise": os.urandom(2000), "cut": content[: len(content) // 2]}
    if what in contents:
        path.write_bytes(contents[what])
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.mkdir("folder")
    problems = discover([path], pool=pool).problems
    assert len(problems) == 1 and problems[0].sentence.startswith("x.zip")
    assert below(paths.cache_dir()) == set()


def test_a_damaged_file_is_left_out_and_the_rest_opens(tmp_path, slices, pool):
    path = zipped(tmp_path / "x.zip", {f"{n}": file.read_bytes() for n, file in enumerate(slices)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[300] ^= 0xFF  # inside the first file: its checksum is wrong now
    path.write_bytes(data)
    unpacked = archives.unpack(path, pool=pool)
    assert len(below(unpacked.folder)) == 2 and "1 file in x.zip is damaged" in unpacked.said[0]


# ---------------------------------------------------------------- bombs


def refused(path: Path, pool: Pool, words: str) -> None:
    """Let an archive be refused: by a look at its directory, so that it costs next to nothing whatever it holds."""
    with MeasuredPool(workers=1) as measured:
        with pytest.raises(Refused, match=words):
            archives.unpack(path, pool=measured)
        assert measured.above(0.5) == []
    assert below(paths.cache_dir()) == set()


@pytest.mark.hazard("H22")
def test_a_bomb_is_not_unpacked_unless_the_user_says_so(tmp_path, pool):
    path = tmp_path / "bomb.zip"
    pool.call("pellucid.dicom.headers:read_headers", {"paths": []})  # a worker is awake
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("zeros", bytes(257 << 20))
    refused(path, pool, "not plausible")
    session = Session()
    asked, told = [], []
    session.offer.connect(lambda *offer: asked.append(offer))
    session.notice.connect(lambda text, _severity: told.append(text))
    session.open([path])
    assert session.jobs.drain(60) and told == []
    ((sentence, button, do),) = asked
    assert "not plausible" in sentence and button == "Open it anyway" and below(paths.cache_dir()) == set()
    do()
    assert session.jobs.drain(60) and len(asked) == 1
    (folder,) = (paths.cache_dir() / "unpacked").iterdir()
    assert [file.stat().st_size for file in below(folder)] == [257 << 20]
    session.close()
    archives.erase(folder)


def forged(path: Path, declared: int, packed: bytes, copies: int = 1, *, overlap: bool = False) -> Path:
    """Write an archive by hand that says what it likes about sizes and places."""
    out, entries = bytearray(), []
    for n in range(copies):
        name = f"f{n}".encode()
        if n == 0 or not overlap:
            entries.append((name, len(out)))
            out += struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), declared, len(name), 0)
            out += name + packed
        else:
            entries.append((name, entries[0][1]))
    start = len(out)
    for name, place in entries:
        out += struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(packed), declared, len(name),
                           0, 0, 0, 0, 0, place) + name  # fmt: skip
    out += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(entries), len(entries), len(out) - start, start, 0)
    path.write_bytes(bytes(out))
    return path


def deflated(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(size)) + packer.flush()


@pytest.mark.hazard("H22")
def test_files_that_overlap_are_refused(tmp_path, pool):
    refused(forged(tmp_path / "x.zip", 1000, deflated(1000), 50, overlap=True), pool, "overlap")


@pytest.mark.hazard("H22")
def test_one_that_lies_about_its_sizes_is_stopped(tmp_path, pool):
    path = forged(tmp_path / "liar.zip", 100, deflated(64 << 20))
    unpacked = archives.unpack(path, pool=pool)
    assert below(unpacked.folder) == set() and "damaged" in unpacked.said[0]


@pytest.mark.hazard("H22")
def test_too_many_or_too_large_is_asked_about_and_without_room_it_is_refused(tmp_path, monkeypatch, pool):
    path = zipped(tmp_path / "x.zip", {str(n): os.urandom(10) for n in range(20)})
    with pytest.raises(Refused, match="there is room for"):
        unzipping.list_archive({"path": str(path), "room": 100})
    monkeypatch.setattr(unzipping, "MOST_FILES", 10)
    assert "20 files; at most 10" in unzipping.list_archive({"path": str(path), "room": 1 << 30})["asks"]
    monkeypatch.setattr(unzipping, "MOST_FILES", 100)
    monkeypatch.setattr(unzipping, "ASKED_FROM", 100)
    assert "unpacks to 200 bytes" in unzipping.list_archive({"path": str(path), "room": 1 << 30})["asks"]
    trusted = unzipping.list_archive({"path": str(path), "room": 1 << 30, "trusted": True})
    assert len(trusted["entries"]) == 20
    monkeypatch.setattr(archives, "_ROOM_SHARE", 0.0)
    refused(path, pool, "there is room for")


# ---------------------------------------------------------------- the folder goes again


@pytest.mark.hazard("H34")
def test_it_is_erased_at_the_end_of_the_program(tmp_path, slices, private_folders):
    path = zipped(tmp_path / "x.zip", {"a": slices[0].read_bytes()})
    code = f"""
if __name__ == "__main__":
    from pathlib import Path
    from pellucid.files.archives import unpack
    folder = unpack(Path({str(path)!r})).folder
    assert any(folder.rglob("000001"))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(archives.__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list((private_folders / "cache" / "unpacked").iterdir()) == []


@pytest.mark.hazard("H34")
def test_what_a_crash_left_is_erased_at_the_next_start_but_nothing_in_use(tmp_path, slices, pool):
    used = archives.unpack(zipped(tmp_path / "x.zip", {"a": slices[0].read_bytes()}), pool=pool).folder
    left = used.parent / "left"
    (left / "000").mkdir(parents=True)
    (left / "000" / "000001").write_bytes(b"x")
    (left / ".in-use").touch()
    crashed = used.parent / "crashed"
    crashed.mkdir()
    code = f"""
import fcntl, time
mark = open({str(crashed / ".in-use")!r}, "wb")
fcntl.flock(mark, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) if os.name != "nt" else None
    if other is not None:
        assert other.stdout is not None and other.stdout.readline().strip() == b"held"
    archives.erase_left_over()
    assert not left.exists() and below(used)
    if other is not None:
        assert crashed.exists()
        other.kill()
        other.wait()
        other.stdout.close()
        archives.erase_left_over()
        assert not crashed.exists()


def test_a_cancelled_one_leaves_nothing(tmp_path, slices, pool):
    path = zipped(tmp_path / "x.zip", {f"{n}": slices[0].read_bytes() for n in range(700)})
    asked = []
    with pytest.raises(Cancelled):
        archives.unpack(path, pool=pool, cancelled=lambda: asked.append(1) or len(asked) > 3)
    assert list((paths.cache_dir() / "unpacked").iterdir()) == []
