"""From a recording to everything that can be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from config.errors import CalibrationError
from config.profile import Profile
from lumbar.pipeline import LivePipeline, Noticed
from lumbar.review import Review, review
from posture.accelerometer_offset import RestSurvey
from posture.calibration import Calibration, CalibrationSource, SittingRange, by_mounting
from posture.events import Alert, AlertResolved
from posture.frame import GRID_HZ, PostureFrame
from posture.guided_calibration import GuidedCalibration
from posture.orientation import OrientationFilter
from posture.put_on import walking_up
from posture.resample import Resampler, cells_per_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from config.calibration import CalibrationSection
    from config.settings import Settings
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.recordings.read import Recording
    from lumbar.exercises_sought import ExercisesSought

__all__ = [
    "Analysis",
    "analyze_recording",
    "by_the_hour",
    "calibrate_recording",
    "calibration_of",
    "frames_of",
    "nominal_rate_hz",
    "oriented",
    "profile_of",
    "survey_offset",
    "walking_in",
]

CHUNK_S = 300.0
CHUNKS_AT_ONCE = 12
"""Long recordings go through the live code by the hour, in chunks of five minutes: fastest, and flat in memory."""

HEAD_S = 10.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a recording says.

    Parameters
    ----------
    live
        The pipeline after the last sample.
    events
        All that was noticed live, in the order in which it came out.
    review
        The refined answer, with the whole recording known.

    """

    live: LivePipeline
    events: tuple[Noticed, ...]
    review: Review


def nominal_rate_hz(recording: Recording) -> float:
    """Return the rate of the first seconds, from the median interval between samples."""
    first = next(recording.chunks(HEAD_S))
    return float(1.0 / np.median(np.diff(first.time)))


def by_the_hour(chunks: Iterable[ImuChunk]) -> Iterator[tuple[ImuChunk, ...]]:
    """Yield chunks of `CHUNK_S` as `LivePipeline.push` takes them fastest: an hour of them at once."""
    remaining = iter(chunks)
    while hour := tuple(islice(remaining, CHUNKS_AT_ONCE)):
        yield hour


def survey_offset(
    recording: Recording, progress: Callable[[float], None] | None = None, *, check_all: bool = False
) -> NDArray[np.float64]:
    """Return the accelerometer's zero offset in m/s^2, shape (3,).

    Parameters
    ----------
    recording
        Samples; all are gone over.
    progress
        Told the seconds gone over.
    check_all
        Whether to read the gyroscope, too, so that a bad row anywhere is found now. Takes twice as long.

    Raises
    ------
    RecordingError
        A row is bad.

    """
    survey = RestSurvey()
    for chunk in recording.chunks(CHUNK_S, gyro=check_all):
        survey.push(chunk)
        if progress is not None:
            progress(float(chunk.time[-1]) - recording.start_time_s)
    return survey.offset()


def analyze_recording(
    recording: Recording,
    settings: Settings,
    *,
    calibration: Calibration | None = None,
    sections: Sequence[CalibrationSection] = (),
    exercises: ExercisesSought | None = None,
    progress: Callable[[float], None] | None = None,
) -> Analysis:
    """Analyse a recording through the live pipeline, then review it as a whole.

    Parameters
    ----------
    recording
        Samples.
    settings
        Thresholds.
    calibration
        The wearer's, from a profile.
    sections
        When the guided calibration was done, on the clock of the recording; without it and without a calibration the
        program calibrates itself.
    exercises
        Which exercises are looked for; None for none.
    progress
        Told the seconds of the recording done, twice over: once for the survey, once for the analysis.

    Raises
    ------
    CalibrationError
        The sections do not show what they should.
    RecordingError
        A row is bad.

    """
    offset = None if calibration is not None else survey_offset(recording, progress)
    live = LivePipeline(settings, nominal_rate_hz(recording), calibration, sections, offset, exercises)
    events: list[Noticed] = []
    for hour in by_the_hour(recording.chunks(CHUNK_S)):
        events += live.push(*hour)
        if progress is not None:
            progress(float(hour[-1].time[-1]) - recording.start_time_s)
    events += live.flush()
    alerts = [event for event in events if isinstance(event, Alert | AlertResolved)]
    return Analysis(live, tuple(events), review(live, settings, alerts))


def calibrate_recording(recording: Recording, sections: Sequence[CalibrationSection]) -> Calibration:
    """Return the guided calibration of a recording, without the rest of the analysis.

    Raises
    ------
    CalibrationError
        The sections do not show what they should.
    RecordingError
        A row is bad.

    """
    offset = survey_offset(recording)
    guided = GuidedCalibration(sections, offset)
    for frame in frames_of(recording, offset):
        guided.push(frame)
        if frame.segment.stop_index > guided.end * GRID_HZ:
            break
    return guided.result()


def walking_in(recording: Recording, calibration: Calibration, settings: Settings) -> NDArray[np.float64] | None:
    """Return up while the wearer walks in a recording, shape (3,), sensor frame; None where too little shows it.

    Parameters
    ----------
    recording
        Samples; looked at until the sensor sits otherwise than `calibration` says.
    calibration
        What the wearer has shown in it.
    settings
        Thresholds.

    Raises
    ------
    RecordingError
        A row is bad.

    """
    live = LivePipeline(settings, nominal_rate_hz(recording), calibration)
    for hour in by_the_hour(recording.chunks(CHUNK_S)):
        live.push(*hour)
    if live.features is None:
        return None
    _, stop, _ = next(by_mounting(live.features.second, live.mountings))
    return walking_up(live.features.rows(0, stop))


def frames_of(
    recording: Recording,
    acc_offset_ms2: NDArray[np.float64] | None,
    gyr_bias_rad_s: NDArray[np.float64] | None = None,
) -> Iterator[PostureFrame]:
    """Yield a recording with its orientation, as the live pipeline has it.

    Raises
    ------
    RecordingError
        A row is bad.

    """
    return oriented(recording.chunks(CHUNK_S), nominal_rate_hz(recording), acc_offset_ms2, gyr_bias_rad_s)


def oriented(
    chunks: Iterable[ImuChunk],
    rate_hz: float,
    acc_offset_ms2: NDArray[np.float64] | None,
    gyr_bias_rad_s: NDArray[np.float64] | None,
) -> Iterator[PostureFrame]:
    """Yield samples, in order of time, with their orientation; see `OrientationFilter` for what is taken off them."""
    per_row = cells_per_row(rate_hz)
    resampler, orientation = Resampler(per_row), OrientationFilter(per_row, acc_offset_ms2, gyr_bias_rad_s)
    for chunk in chunks:
        for segment in resampler.push(chunk):
            yield orientation.push(segment)


def calibration_of(profile: Profile, name: str) -> Calibration:
    """Return the calibration that a profile called `name` holds."""
    sitting = None
    if profile.upright_sitting_deg is not None and profile.slouched_sitting_deg is not None:
        sitting = SittingRange(profile.upright_sitting_deg, profile.slouched_sitting_deg)
    return Calibration(
        CalibrationSource.PROFILE,
        upright=np.array(profile.upright),
        forward=np.array(profile.forward),
        acc_offset_ms2=np.array(profile.acc_offset_ms2),
        gyr_bias_rad_s=None if profile.gyr_bias_rad_s is None else np.array(profile.gyr_bias_rad_s),
        sitting=sitting,
        profile=name,
        walking=None if profile.walking is None else np.array(profile.walking),
    )


def profile_of(calibration: Calibration, wearer: str) -> Profile:
    """Return the profile that keeps a calibration.

    Raises
    ------
    CalibrationError
        Which way is up or forward is not known.

    """
    if calibration.upright is None or calibration.forward is None:
        raise CalibrationError("there is nothing to keep: the calibration does not know which way is up and forward")
    offset = np.zeros(3) if calibration.acc_offset_ms2 is None else calibration.acc_offset_ms2
    bias = calibration.gyr_bias_rad_s
    return Profile(
        wearer=wearer,
        upright=rounded(calibration.upright),
        forward=rounded(calibration.forward),
        acc_offset_ms2=rounded(offset),
        gyr_bias_rad_s=None if bias is None else rounded(bias),
        walking=None if calibration.walking is None else rounded(calibration.walking),
        upright_sitting_deg=None if calibration.sitting is None else round(calibration.sitting.upright_deg, 2),
        slouched_sitting_deg=None if calibration.sitting is None else round(calibration.sitting.slouched_deg, 2),
    )


def rounded(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return a vector of three at six decimals, which is far below what a calibration can tell."""
    x, y, z = (round(float(value), 6) for value in vector)
    return x, y, z
