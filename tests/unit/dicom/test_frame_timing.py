"""Times and rates of frames, from headers made with pydicom and from real cine files."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_making import MR, save, slice_dataset
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import sequences
from pellucid.model.timing import TimeSource, timing

US = "1.2.840.10008.5.1.4.1.1.3.1"
PET = "1.2.840.10008.5.1.4.1.1.128"


class Frame:
    """As much of a volume as timing looks at."""

    def __init__(self, plan):
        self.acquisition = plan.acquisition


def timing_in(folder):
    (found,) = [group for series in scan([folder]).series for group in sequences(series) if len(group) > 1]
    return timing([Frame(plan) for plan in found])


def film(folder, count=5, **facts):
    pixels = np.zeros((count, 4, 6), np.uint8)
    save(folder, [slice_dataset(pixels, position=None, orientation=None, spacing=None, modality="US", sop_class=US,
                                slope=None, NumberOfFrames=count, **facts)])  # fmt: skip
    return timing_in(folder)


def series(folder, count=4, slices=3, **by_time):
    """Save a 4-D series; each keyword holds one value per time point."""
    datasets = []
    for t in range(count):
        for k in range(slices):
            facts = {keyword: values[t] for keyword, values in by_time.items()}
            datasets.append(slice_dataset(np.full((4, 6), t, np.int16), position=(0, 0, 2.0 * k), modality="MR",
                                          sop_class=MR, number=1 + t * slices + k, **facts))  # fmt: skip
    save(folder, datasets)
    return timing_in(folder)


# ---------------------------------------------------------------- films


def test_frame_time(tmp_path):
    found = film(tmp_path, FrameTime="40", FrameIncrementPointer=0x00181063)
    assert found.durations == (40.0,) * 5
    assert found.times == pytest.approx([0.0, 0.04, 0.08, 0.12, 0.16])
    assert found.sentence == "Frame Time 40 ms"


def test_frame_time_vector_gives_the_time_before_each_frame(tmp_path):
    found = film(tmp_path, FrameTimeVector=["0", "30", "50", "20", "100"], FrameIncrementPointer=0x00181065)
    assert found.times == pytest.approx([0.0, 0.03, 0.08, 0.1, 0.2])
    assert found.durations[:4] == (30.0, 50.0, 20.0, 100.0)
    assert found.durations[4] in (30.0, 50.0)  # nothing says how long the last frame lasts: as long as most


def test_the_first_increment_is_no_offset_even_when_it_is_not_zero(tmp_path):
    found = film(tmp_path, FrameTimeVector=["33", "30", "50", "20", "100"])
    assert found.times[0] == 0.0
    assert found.times[1] == pytest.approx(0.03)
    assert found.durations[4] == 33.0


def test_a_long_frame_time_vector_is_read_whole(tmp_path):
    steps = [0.0] + [10.0 + (n % 7) for n in range(1499)]
    found = film(tmp_path, count=1500, FrameTimeVector=[f"{step:.6f}" for step in steps])
    assert found.times[-1] == pytest.approx(sum(steps) / 1000)


@pytest.mark.parametrize("vector", [["0", "30"], ["0", "30", "-5", "20", "10"]])
def test_a_vector_that_cannot_be_is_left_aside(tmp_path, vector):
    found = film(tmp_path, FrameTimeVector=vector, FrameTime="25")
    assert found.sentence == "Frame Time 25 ms"


def test_cine_rate_is_used_where_there_is_no_frame_time(tmp_path):
    assert film(tmp_path, CineRate="15").sentence == "Cine Rate 15/s"


def test_the_recommended_rate_wins_and_the_times_stay(tmp_path):
    found = film(tmp_path, RecommendedDisplayFrameRate="10", CineRate="20", FrameTime="40")
    assert found.rate == pytest.approx(10.0)
    assert found.sentence == "Recommended Display Frame Rate 10/s"


def test_a_frame_duration_is_used_last(tmp_path):
    assert film(tmp_path, ActualFrameDuration="50").sentence == "Actual Frame Duration 50 ms"


def test_a_film_without_any_rate_is_a_guess(tmp_path):
    assert film(tmp_path).is_guess


def test_nonsense_rates_are_ignored(tmp_path):
    assert film(tmp_path, FrameTime="0", CineRate="0").is_guess


def test_sweeping_is_asked_for(tmp_path):
    assert film(tmp_path, FrameTime="40", PreferredPlaybackSequencing=1).bounces
    assert not film(tmp_path / "other", FrameTime="40", PreferredPlaybackSequencing=0).bounces


def test_dynamic_nuclear_medicine_has_phases(tmp_path):
    phases = []
    for duration, frames in ((200, 3), (500, 2)):
        phase = Dataset()
        phase.ActualFrameDuration, phase.NumberOfFramesInPhase = duration, frames
        phases.append(phase)
    found = film(tmp_path, PhaseInformationSequence=Sequence(phases))
    assert found.durations == (200.0, 200.0, 200.0, 500.0, 500.0)


# ---------------------------------------------------------------- series


def test_trigger_times(tmp_path):
    found = series(tmp_path, TriggerTime=["10", "60", "110", "160"])
    assert found.times == pytest.approx([0.0, 0.05, 0.1, 0.15])
    assert found.rate == pytest.approx(20.0)
    assert found.times_source is TimeSource.TRIGGER


def test_acquisition_times_run_past_midnight(tmp_path):
    times = ["235958.000000", "235959.500000", "000001.000000", "000002.500000"]
    found = series(tmp_path, TemporalPositionIdentifier=[1, 2, 3, 4], AcquisitionTime=times)
    assert found.times == pytest.approx([0.0, 1.5, 3.0, 4.5])
    assert found.is_guess  # 1.5 s a frame is not waited for
    assert "1.5 s apart (Acquisition Time)" in found.sentence


def test_frames_of_a_dynamic_pet_have_their_own_lengths(tmp_path):
    found = series(tmp_path, FrameReferenceTime=["5000", "15000", "45000", "105000"])
    assert found.times == pytest.approx([0.0, 10.0, 40.0, 100.0])
    assert found.times_source is TimeSource.REFERENCE


def test_a_temporal_resolution_counts_positions(tmp_path):
    found = series(tmp_path, TemporalPositionIdentifier=[1, 2, 3, 4], TemporalResolution=["2500"] * 4)
    assert found.times == pytest.approx([0.0, 2.5, 5.0, 7.5])


def test_echoes_are_no_times(tmp_path):
    found = series(tmp_path, EchoNumbers=[1, 2, 3, 4], EchoTime=["5", "10", "15", "20"])
    assert found.times is None
    assert found.is_guess


def test_enhanced_frames_state_offsets_and_dates(tmp_path):
    times, slices = [0.0, 2.0, 5.0], 2
    ds = slice_dataset(np.zeros((6, 4, 6), np.int16), position=None, orientation=None, spacing=None, modality="MR",
                       sop_class="1.2.840.10008.5.1.4.1.1.4.1", NumberOfFrames=6)  # fmt: skip
    shared = Dataset()
    shared.PlaneOrientationSequence = [Dataset()]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence = [Dataset()]
    shared.PixelMeasuresSequence[0].PixelSpacing = [1, 1]
    ds.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for t, seconds in enumerate(times):
        for k in range(slices):
            group, content, place, temporal = Dataset(), Dataset(), Dataset(), Dataset()
            content.TemporalPositionIndex = t + 1
            content.FrameAcquisitionDateTime = f"202001012359{58 + t:02d}.5" if t < 2 else "20200102000003.5"
            place.ImagePositionPatient = [0, 0, 3 * k]
            temporal.TemporalPositionTimeOffset = seconds
            group.FrameContentSequence, group.PlanePositionSequence = [content], [place]
            group.TemporalPositionSequence = [temporal]
            groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    save(tmp_path / "a", [ds])
    assert timing_in(tmp_path / "a").times == pytest.approx(times)
    for group in groups:
        del group.TemporalPositionSequence
    save(tmp_path / "b", [ds])
    found = timing_in(tmp_path / "b")
    assert found.times == pytest.approx([0.0, 1.0, 5.0])
    assert found.times_source is TimeSource.ACQUISITION


# ---------------------------------------------------------------- real files


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "sentence", "last"),
    [
        ("xa_96frames_jpeg_baseline.dcm", "Frame Time 33 ms", 95 * 0.033),
        ("us_10frames_palette_rle.dcm", "Frame Time 76 ms", 9 * 0.076),
        ("us_8frames_ybr_full_jpeg_baseline.dcm", "Frame Time Vector: 33.3 to 50 ms per frame", 0.309999),
        ("mr_cardiac_SCD2001_005", "Times of the frames: Trigger Time, 51.7 ms apart", 0.982759),
    ],
)
def test_real_films(data_dir, name, sentence, last):
    found = timing_in(data_dir / "cine" / name)
    assert found.sentence == sentence
    assert found.times[-1] == pytest.approx(last, abs=1e-4)


@pytest.mark.data
def test_the_time_step_of_a_nifti(data_dir):
    from pellucid.files.images import read

    frames = read(data_dir / "other_formats" / "functional.nii")
    found = timing(frames)
    assert found.times == pytest.approx([2.0 * n for n in range(20)])
    assert found.times_source is TimeSource.NIFTI
