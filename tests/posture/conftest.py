"""Generated recordings, cuts and comparisons for the tests of the posture stages and the pipeline."""

from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from config.calibration import CalibrationSection, SectionName
from config.settings import load_settings
from firmware_bridge.imu import ImuChunk, concatenate
from firmware_bridge.virtual import (
    Bend,
    Calibration,
    Gap,
    Lie,
    SensorModel,
    SimulatedWearer,
    Sit,
    SittingPosture,
    Stand,
    Walk,
)
from lumbar.pipeline import LivePipeline
from posture.events import Activity
from posture.frame import FineSegment, GridSegment, PostureFrame
from posture.orientation import OrientationFilter
from posture.resample import Resampler, cells_per_row
from posture.seconds import SecondSummarizer, join_seconds
from posture.timeline import PostureSeconds

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
RATES_HZ = (25.0, 50.0, 52.0, 100.0, 128.0, 286.0)
EVERYTHING = (
    Stand(6.0),
    Calibration(),
    Sit(70.0, SittingPosture.SLOUCHED, 22.0),
    Gap(0.6),
    Sit(15.0),
    Stand(5.0),
    Walk(25.0),
    Gap(2.5),
    Bend(70.0, 7.0),
    Stand(4.0),
    Gap(65.0),
    Lie(15.0),
)
"""A bit of everything, with holes shorter than 1 s, longer than 1 s and longer than a minute."""


@pytest.fixture(scope="session")
def defaults(tmp_path_factory):
    """The settings as shipped, whatever this machine's user has set."""
    path = tmp_path_factory.mktemp("settings") / "settings.toml"
    path.write_text("", encoding="utf-8")
    return load_settings(path)


@pytest.fixture(scope="session")
def data_folder():
    """The labelled recordings beside the repository."""
    if not DATA.is_dir():
        pytest.skip("needs the labelled recordings in ../shared/data")
    return DATA


@dataclass(frozen=True)
class Played:
    """A generated recording: the samples as one chunk, and what really happened."""

    chunk: ImuChunk
    wearer: SimulatedWearer
    rate_hz: float

    @property
    def truth(self):
        return self.wearer.truth()

    @property
    def sections(self):
        """When the guided calibration was done."""
        return tuple(
            CalibrationSection(SectionName(part.section), part.start, part.end) for part in self.truth.calibration
        )


def play_script(script, seed=0, rate_hz=100.0, **options):
    options.setdefault("sensor", SensorModel.drawn(seed))
    wearer = SimulatedWearer(tuple(script), seed, rate_hz=rate_hz, **options)
    return Played(concatenate(list(wearer.chunks(600.0))), wearer, rate_hz)


@pytest.fixture(scope="session")
def play():
    """Play a script: ``play(script, seed, rate_hz, **options of SimulatedWearer) -> Played``."""
    return play_script


@pytest.fixture(scope="session")
def kept_seconds(defaults):
    """Return the seconds of a recording as they are kept, steps and all: ``kept_seconds(played)``."""

    def live(played):
        pipeline = LivePipeline(defaults, played.rate_hz, acc_offset_ms2=np.zeros(3))
        pipeline.push(played.chunk)
        return pipeline.features

    return live


@pytest.fixture(scope="session")
def lived(defaults):
    """Play a script live, calibrated where it says how: ``lived(script, seed, ...) -> events, pipeline, recording``."""

    def run(script, seed=0, **options):
        played = play_script(script, seed, **options)
        pipeline = LivePipeline(defaults, played.rate_hz, sections=played.sections)
        events = [event for chunk in played.chunk.split(60.0) for event in pipeline.push(chunk)]
        return [*events, *pipeline.flush()], pipeline, played

    return run


def with_losses(played, seed, share=0.02):
    """Return the recording with single samples and short runs of them lost, at random."""
    random = np.random.default_rng(seed)
    lost = random.random(len(played.chunk)) < share
    lost |= np.convolve(random.random(len(lost)) < share / 20, np.ones(12, dtype=bool))[: len(lost)] > 0
    chunk = played.chunk
    gyr = None if chunk.gyr is None else chunk.gyr[~lost]
    return replace(played, chunk=ImuChunk(chunk.time[~lost], chunk.acc[~lost], gyr))


@pytest.fixture(scope="session")
def busy():
    """Recordings of a bit of everything: every rate, with and without gyroscope, with jitter, losses and gaps."""
    made = {}

    def recording(rate_hz, *, has_gyro):
        key = rate_hz, has_gyro
        if key not in made:
            seed = len(made)
            sensor = replace(SensorModel.drawn(seed, has_gyro=has_gyro), clock_jitter_s=0.002)
            made[key] = with_losses(play_script(EVERYTHING, seed, rate_hz, sensor=sensor), seed)
        return made[key]

    return recording


def cuts_of(n):
    """Draw where n rows are cut: anywhere, twice at one place (an empty piece), and a stretch row by row."""
    anywhere = st.lists(st.integers(0, n), max_size=12)
    one_by_one = st.builds(
        lambda first, count: list(range(first, min(first + count, n))), st.integers(0, n), st.integers(0, 60)
    )
    return st.builds(lambda some, row_by_row: sorted([0, *some, *row_by_row, n]), anywhere, one_by_one)


def frame_rows(frame, start, stop):
    segment = frame.segment
    gyr = None if segment.gyr is None else segment.gyr[start:stop]
    part = GridSegment(segment.start_index + start, segment.restarts and start == 0, segment.acc[start:stop], gyr)
    return PostureFrame(part, frame.quat[start:stop], frame.up[start:stop], frame.vertical[start:stop])


def fine_rows(segment, start, stop):
    cells = slice(start * segment.per_row, stop * segment.per_row)
    gyr = None if segment.gyr is None else segment.gyr[cells]
    first = segment.start_index + start
    return FineSegment(first, segment.restarts and start == 0, segment.per_row, segment.acc[cells], gyr)


def second_rows(seconds, start, stop):
    return PostureSeconds(
        seconds.second[start:stop],
        seconds.activity[start:stop],
        seconds.flexion_deg[start:stop],
        seconds.lateral_deg[start:stop],
        seconds.inclination_deg[start:stop],
    )


def rows_of(whole, start, stop):
    """Return rows of anything that stages pass on."""
    slicers = {FineSegment: fine_rows, PostureFrame: frame_rows, PostureSeconds: second_rows}
    slicer = slicers.get(type(whole))
    return whole.rows(start, stop) if slicer is None else slicer(whole, start, stop)


@pytest.fixture(scope="session")
def cutting():
    """``cutting.draw(n)`` draws cuts, ``cutting.pieces(whole, cuts)`` makes them."""
    return SimpleNamespace(
        draw=cuts_of, pieces=lambda whole, cuts: [rows_of(whole, start, stop) for start, stop in pairwise(cuts)]
    )


def parts_of(value, place):
    """Return the named parts of a dataclass, dictionary or sequence; None for a single value."""
    if is_dataclass(value):
        return [(f"{place}.{field.name}", getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, dict):
        return [(f"{place}[{key!r}]", part) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [(f"{place}[{index}]", part) for index, part in enumerate(value)]
    return None


def is_same(first, second):
    """Return whether two single values are equal, floats to 1e-9."""
    if isinstance(first, np.ndarray):
        return first.shape == second.shape and np.allclose(first, second, rtol=0, atol=1e-9, equal_nan=True)
    if isinstance(first, float):
        return bool(np.isclose(first, second, rtol=0, atol=1e-9, equal_nan=True))
    return first == second


def difference(first, second, place="result"):
    """Return where two results differ, None where they do not."""
    if type(first) is not type(second):
        return f"{place}: {first!r} v {second!r}"
    ours, theirs = parts_of(first, place), parts_of(second, place)
    if ours is None:
        return None if is_same(first, second) else f"{place}: {first!r} v {second!r}"
    if [name for name, _ in ours] != [name for name, _ in theirs]:
        return f"{place}: {len(ours)} v {len(theirs)} parts"
    pairs = zip(ours, theirs, strict=True)
    return next((found for (name, a), (_, b) in pairs if (found := difference(a, b, name)) is not None), None)


@pytest.fixture(scope="session")
def differs():
    """Return where two results differ (events exactly, floats by more than 1e-9), or None."""
    return difference


def through_posture(chunk, rate_hz):
    """Return segments, frames and seconds of a recording."""
    per_row = cells_per_row(rate_hz)
    segments = Resampler(per_row).push(chunk)
    orientation, summarizer = OrientationFilter(per_row), SecondSummarizer()
    frames = [orientation.push(segment) for segment in segments]
    seconds = join_seconds([summarizer.push(frame) for frame in frames])
    return SimpleNamespace(segments=segments, frames=frames, seconds=seconds)


@pytest.fixture(scope="session")
def analyse():
    """``analyse(chunk, rate_hz)`` returns .segments, .frames and .seconds."""
    return through_posture


EPOCH_S = 1_767_600_000


def seconds_of(activity, flexion_deg=0.0, lateral_deg=0.0, start=EPOCH_S, second=None):
    """Return posture seconds; `activity` one for all (with an array of angles) or one for each second."""
    one = isinstance(activity, Activity)
    n = max(np.size(flexion_deg), np.size(lateral_deg)) if one else len(activity)
    activities = (activity,) * n if one else tuple(activity)
    flexion = np.broadcast_to(np.asarray(flexion_deg, dtype=np.float64), n).copy()
    lateral = np.broadcast_to(np.asarray(lateral_deg, dtype=np.float64), n).copy()
    cosine = np.cos(np.radians(flexion)) * np.cos(np.radians(lateral))
    inclination = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    numbers = start + np.arange(n) if second is None else np.asarray(second)
    return PostureSeconds(numbers.astype(np.int64), activities, flexion, lateral, inclination)


@pytest.fixture(scope="session")
def posture():
    """``posture(activity, flexion_deg, lateral_deg, start, second)`` returns `PostureSeconds`."""
    return seconds_of


def read_labelled(path):
    """Return the samples and the labels of a labelled recording."""
    table = pd.read_parquet(path)
    gyr = table[["gyr_x", "gyr_y", "gyr_z"]].to_numpy() if "gyr_x" in table else None
    chunk = ImuChunk(table["time_s"].to_numpy(), table[["acc_x", "acc_y", "acc_z"]].to_numpy(), gyr)
    return chunk, pd.read_csv(path.with_suffix(".labels.csv")), table


@pytest.fixture(scope="session")
def labelled():
    """``labelled(path)`` returns samples, labels and the whole table of a labelled recording."""
    return read_labelled


@pytest.fixture(scope="session")
def rates():
    """The sampling rates that the stages are tried at."""
    return RATES_HZ
