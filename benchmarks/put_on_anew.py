"""Scores slouching told by a profile of a wearer whose sensor is tipped on the day on which it is used.

Run as ``python benchmarks/put_on_anew.py DATA``; DATA holds the set synthetic_day. The profile is that of each day's
own guided calibration; then the day is lived with it once more, all samples turned by so many degrees about the axis
that bowing turns about (the accelerometer's offset stays in its axes). Once with how the wearer walks in the profile,
once without. The wearer walks alike on both days.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from strap_moved import turned

from config.settings import load_settings
from firmware_bridge.recordings.labelled import find_labelled
from firmware_bridge.recordings.read import open_recording
from lumbar.analysis import (
    CHUNK_S,
    by_the_hour,
    calibrate_recording,
    calibration_of,
    nominal_rate_hz,
    profile_of,
    walking_in,
)
from lumbar.pipeline import LivePipeline
from lumbar.validation.labels import Labels
from posture.events import Alert, AlertKind, PostureEpisode, PostureState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.recordings.read import Recording
    from posture.calibration import Calibration

TIPS_DEG = (0.0, 5.0, 10.0, 20.0, -5.0, -10.0, -20.0)
MINUTE_S = 60.0


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    settings = load_settings()
    for labelled in find_labelled(parser.parse_args().data / "synthetic_day"):
        recording = open_recording(labelled.path)
        labels = Labels(labelled.labels)
        shown = calibrate_recording(recording, labels.sections())
        known = replace(shown, walking=walking_in(recording, shown, settings))
        profile = calibration_of(profile_of(known, "wearer"), "wearer")
        true_min = np.diff(labels.of("posture:slouch")).sum() / MINUTE_S
        print(f"{labelled.name}: {true_min:.0f} min slouched")
        for what, used in (("walking known", profile), ("not known", replace(profile, walking=None))):
            for tip_deg in TIPS_DEG:
                found_min, n_alerts = told(recording, tip_deg, used, settings)
                print(f"  {what:14s} tipped by {tip_deg:4.0f} deg  {found_min:5.1f} min, {n_alerts} nudges", flush=True)
    return 0


def told(recording: Recording, tip_deg: float, profile: Calibration, settings: Settings) -> tuple[float, int]:
    """Return the minutes slouched that are told live, and how often the wearer is nudged."""
    pipeline = LivePipeline(settings, nominal_rate_hz(recording), profile)
    tipped = tipped_samples(recording, tip_deg, profile)
    noticed = [event for hour in by_the_hour(tipped) for event in pipeline.push(*hour)]
    noticed += pipeline.flush()
    slouched_s = sum(
        event.end - event.start
        for event in noticed
        if isinstance(event, PostureEpisode) and event.state is PostureState.SLOUCHED
    )
    return slouched_s / MINUTE_S, sum(isinstance(e, Alert) and e.kind is AlertKind.SLOUCH for e in noticed)


def tipped_samples(recording: Recording, tip_deg: float, profile: Calibration) -> Iterator[ImuChunk]:
    """Yield the samples of a sensor that leans forward by so much more.

    Raises
    ------
    ValueError
        The profile does not know how the sensor sits.

    """
    offset_ms2, matrix = profile.acc_offset_ms2, profile.sensor_to_body
    if offset_ms2 is None or matrix is None:
        raise ValueError("the profile is not that of a guided calibration")
    for chunk in recording.chunks(CHUNK_S):
        yield turned(chunk, offset_ms2, np.radians(tip_deg) * matrix[1], -np.inf)


if __name__ == "__main__":
    sys.exit(main())
