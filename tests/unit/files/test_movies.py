"""Films are written, and read by somebody else's reader: pictures, times, colours, nothing left behind."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.dicom.child import Cancelled
from pellucid.files import movies, video
from pellucid.files.movies import FILMS, expected_size, film_obstacle, write_film, write_picture
from pellucid.files.pacing import paced
from pellucid.model.findings import Refused

FORMS = {form.extension: form for form in FILMS}


def grey_film(count=6, rows=31, columns=41):
    """Return pictures of a bright block that moves over a grey ramp: at most 41 greys and one colour."""
    pictures = []
    for n in range(count):
        ramp = np.broadcast_to(np.arange(columns, dtype=np.uint8) * 5, (rows, columns))
        picture = np.repeat(ramp[..., None], 3, axis=2).copy()
        picture[3 + n : 9 + n, 5:12] = (229, 100, 90)
        pictures.append(picture)
    return pictures


def rich_film(count=4, rows=60, columns=80):
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:rows, :columns]
    base = np.stack([x * 255 // columns, y * 255 // rows, (x + y) * 255 // (rows + columns)], axis=2)
    return [np.clip(base + rng.integers(-6, 6, base.shape) + 4 * n, 0, 255).astype(np.uint8) for n in range(count)]


def frames(path):
    with Image.open(path) as film:
        found = []
        for n in range(film.n_frames):
            film.seek(n)
            film.load()
            found.append((np.asarray(film.convert("RGB")), film.info.get("duration")))
        return found, film.info


# ---------------------------------------------------------------- GIF


def test_a_gif_of_few_colours_keeps_every_pixel(tmp_path):
    pictures = grey_film()
    report = write_film(tmp_path / "scroll.gif", FORMS[".gif"], pictures, [100.0] * 6)
    found, info = frames(tmp_path / "scroll.gif")
    assert [ms for _, ms in found] == [100] * 6
    assert all(np.array_equal(true, back) for true, (back, _) in zip(pictures, found, strict=True))
    assert info["loop"] == 0
    assert report.lossless
    assert report.sentences[0].startswith("scroll.gif was read back: 6 pictures in 0.60 s")


def test_a_gif_of_many_colours_says_what_it_lost(tmp_path):
    pictures = rich_film()
    report = write_film(tmp_path / "rich.gif", FORMS[".gif"], pictures, [50.0] * 4)
    found, _ = frames(tmp_path / "rich.gif")
    differences = [np.abs(true.astype(int) - back).mean() for true, (back, _) in zip(pictures, found, strict=True)]
    assert max(differences) < 12
    assert not report.lossless
    assert f"{max(differences):.1f} of 255" in report.sentences[-1]
    colours = {tuple(c) for back, _ in found for c in back.reshape(-1, 3)}
    assert len(colours) <= 255  # one palette for all pictures


def test_gif_times_follow_the_true_times_without_drift(tmp_path):
    pictures = grey_film(20)
    write_film(tmp_path / "cine.gif", FORMS[".gif"], pictures, [33.3] * 20)
    found, _ = frames(tmp_path / "cine.gif")
    assert sum(ms for _, ms in found) == 670
    ends = np.cumsum([ms for _, ms in found])
    assert np.abs(ends - 33.3 * np.arange(1, 21)).max() <= 5.0


def test_pictures_that_are_alike_keep_their_time(tmp_path):
    pictures = grey_film(3)
    write_film(tmp_path / "still.gif", FORMS[".gif"], [pictures[0], pictures[0], pictures[1]], [100.0, 200.0, 50.0])
    found, _ = frames(tmp_path / "still.gif")
    assert [ms for _, ms in found] == [300, 50]


def test_frames_too_fast_for_a_gif_are_left_out_and_told(tmp_path):
    report = write_film(tmp_path / "fast.gif", FORMS[".gif"], grey_film(20), [5.0] * 20)
    found, _ = frames(tmp_path / "fast.gif")
    assert sum(ms for _, ms in found) == 100
    assert min(ms for _, ms in found) >= 20
    assert "left out" in " ".join(report.sentences)


def test_one_picture_is_a_film_too(tmp_path):
    for extension in (".gif", ".webp"):
        report = write_film(tmp_path / f"one{extension}", FORMS[extension], grey_film(1), [100.0])
        assert report.path.is_file()


# ---------------------------------------------------------------- WebP


@pytest.mark.parametrize("pictures", [grey_film(), rich_film()])
def test_webp_keeps_pixels_and_times(tmp_path, pictures):
    durations = [40.0, 33.0, 50.0, 120.0, 17.0, 40.0][: len(pictures)]
    report = write_film(tmp_path / "cine.webp", FORMS[".webp"], pictures, durations)
    found, info = frames(tmp_path / "cine.webp")
    assert [ms for _, ms in found] == [int(ms) for ms in durations]
    assert all(np.array_equal(true, back) for true, (back, _) in zip(pictures, found, strict=True))
    assert info["loop"] == 0
    assert report.lossless


def test_webp_stores_only_what_changed(tmp_path):
    pictures = [rich_film(1, 200, 300)[0]] * 10
    write_film(tmp_path / "still.webp", FORMS[".webp"], pictures, [40.0] * 10)
    write_film(tmp_path / "first.webp", FORMS[".webp"], pictures[:1], [40.0])
    assert (tmp_path / "still.webp").stat().st_size < 1.1 * (tmp_path / "first.webp").stat().st_size


# ---------------------------------------------------------------- numbered pictures


@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_numbered_pictures_come_in_a_folder_of_their_own(tmp_path, extension):
    pictures = grey_film(11)
    report = write_film(tmp_path / "scroll", FORMS[extension], pictures, [100.0] * 11)
    files = sorted((tmp_path / "scroll").iterdir())
    assert [file.name for file in files] == [f"scroll_{n:03d}{extension}" for n in range(1, 12)]
    for true, file in zip(pictures, files, strict=True):
        assert np.array_equal(np.asarray(Image.open(file)), true)
    assert report.lossless


def test_a_folder_that_is_there_is_not_touched(tmp_path):
    (tmp_path / "scroll").mkdir()
    (tmp_path / "scroll" / "kept.txt").write_text("mine")
    with pytest.raises(Refused, match="is there already"):
        write_film(tmp_path / "scroll", FORMS[".png"], grey_film(2), [100.0] * 2)
    assert [file.name for file in (tmp_path / "scroll").iterdir()] == ["kept.txt"]


# ---------------------------------------------------------------- single pictures


@pytest.mark.parametrize("extension", [form.extension for form in movies.PICTURES])
def test_single_pictures(tmp_path, extension):
    picture = rich_film(1)[0]
    report = write_picture(picture, tmp_path / f"view{extension}")
    back = np.asarray(Image.open(tmp_path / f"view{extension}").convert("RGB"))
    assert np.abs(back.astype(int) - picture).mean() < 4
    assert report.lossless == np.array_equal(back, picture)
    assert report.lossless == (extension != ".jpg")


@pytest.mark.parametrize("extension", [form.extension for form in movies.PICTURES])
def test_pictures_carry_no_text_about_anybody(tmp_path, extension):
    write_picture(rich_film(1)[0], tmp_path / f"view{extension}")
    with Image.open(tmp_path / f"view{extension}") as image:
        assert not {key for key in image.info if key.lower() in ("software", "author", "comment", "exif", "xmp")}
        tags = set(getattr(image, "tag_v2", {}))
        assert not tags & {270 + 45, 305, 306, 316}  # artist, software, date, host


# ---------------------------------------------------------------- stopping and failing


@pytest.mark.parametrize("extension", [".gif", ".webp", ".png"])
def test_cancelling_leaves_nothing_behind(tmp_path, extension):
    seen = []

    def pictures():
        for picture in grey_film(8):
            seen.append(1)
            yield picture

    with pytest.raises(Cancelled):
        write_film(tmp_path / f"film{extension}", FORMS[extension], pictures(), [40.0] * 8,
                   cancelled=lambda: len(seen) > 3)  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extension", [".gif", ".webp"])
def test_a_spoiled_file_is_not_kept(tmp_path, extension, monkeypatch):
    old = tmp_path / f"film{extension}"
    old.write_bytes(b"old")
    reader = movies.gif if extension == ".gif" else movies.webp_animation
    true_read = reader.read
    monkeypatch.setattr(reader, "read", lambda file: [(p ^ np.uint8(1), ms) for p, ms in true_read(file)])
    with pytest.raises(Refused, match="does not read back the same"):
        write_film(old, FORMS[extension], grey_film(3), [40.0] * 3)
    assert old.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == [old.name]


def test_progress_rises_to_the_end(tmp_path):
    told = []
    write_film(tmp_path / "film.webp", FORMS[".webp"], grey_film(5), [40.0] * 5, progress=told.append)
    assert all(a <= b for a, b in pairwise(told))
    assert told[-1] == 1.0


# ---------------------------------------------------------------- before writing


def test_what_cannot_be_is_said_before():
    assert "memory" in film_obstacle(FORMS[".gif"], 1000, (2000, 2000))
    assert film_obstacle(FORMS[".gif"], 100, (800, 800)) == ""
    assert "16383" in film_obstacle(FORMS[".webp"], 1, (20_000, 100))


def test_mp4_needs_ffmpeg_and_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(video.shutil, "which", lambda _name: None)
    monkeypatch.setattr(video.importlib.util, "find_spec", lambda _name: None)
    assert film_obstacle(FORMS[".mp4"], 5, (100, 100)) == video.HOW_TO_GET


def test_the_expected_size_grows_with_number_and_pixels():
    small = expected_size(FORMS[".webp"], 10, (100, 100))
    assert expected_size(FORMS[".webp"], 20, (100, 100)) == pytest.approx(2 * small)
    assert expected_size(FORMS[".webp"], 10, (200, 200)) == pytest.approx(4 * small)


@pytest.mark.parametrize(
    ("durations", "step", "least", "expected"),
    [
        ([40.0] * 3, 10.0, 2, ((0, 4), (1, 4), (2, 4))),
        ([33.0] * 3, 10.0, 2, ((0, 3), (1, 4), (2, 3))),
        ([10.0] * 4, 10.0, 2, ((0, 2), (2, 2))),
        ([4.0], 10.0, 2, ((0, 2),)),
        ([100.0, 5.0], 10.0, 2, ((0, 10),)),
    ],
)
def test_pacing(durations, step, least, expected):
    assert paced(durations, step, least) == expected


# ---------------------------------------------------------------- MP4, where there is an ffmpeg

ffmpeg = pytest.mark.skipif(video.ffmpeg() is None, reason="there is no ffmpeg on this machine")


@ffmpeg
@pytest.mark.parametrize("durations", [[40.0] * 12, [50.0, 33.0, 117.0] * 4])
def test_mp4_has_the_pictures_for_their_times(tmp_path, durations):
    report = write_film(tmp_path / "film.mp4", FORMS[".mp4"], grey_film(12), durations)
    count, size, seconds = video.inspect(tmp_path / "film.mp4")
    assert size == (42, 32)
    assert seconds == pytest.approx(sum(durations) / 1000, abs=0.06)
    assert count == (12 if len(set(durations)) == 1 else round(sum(durations) / 1000 * 60))
    assert not report.lossless


@ffmpeg
def test_mp4_cancelled_leaves_nothing(tmp_path):
    with pytest.raises(Cancelled):
        write_film(tmp_path / "film.mp4", FORMS[".mp4"], grey_film(8), [40.0] * 8, cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_mp4_by_a_stand_in_says_what_ffmpeg_said(tmp_path, monkeypatch):
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\ncat > /dev/null\necho 'no encoder called libx264' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Refused, match="no encoder called libx264"):
        write_film(Path(tmp_path) / "film.mp4", FORMS[".mp4"], grey_film(3), [40.0] * 3)
    assert not (tmp_path / "film.mp4").exists()
