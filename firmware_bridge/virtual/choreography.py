"""From a script to continuous movement and the record of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from firmware_bridge.virtual.acting import act, first_stance
from firmware_bridge.virtual.randomness import Stream, random_stream
from firmware_bridge.virtual.stage import Stage
from firmware_bridge.virtual.truth import Interval, TrueBout, TrueRepetition, TrueSet, TrueSitting, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from firmware_bridge.virtual.body import Person
    from firmware_bridge.virtual.script import Script
    from firmware_bridge.virtual.stage import Record
    from firmware_bridge.virtual.tracks import Channel, Track

__all__ = ["Choreography", "choreograph"]


_Timed = TypeVar("_Timed", bound=Interval)


@dataclass(frozen=True, slots=True, eq=False)
class Choreography:
    """All movement of a script; times in seconds since its start.

    Parameters
    ----------
    tracks
        The course of each channel.
    record
        What was done.
    duration_s
        The script's length, the changes of posture included.

    """

    tracks: Mapping[Channel, Track]
    record: Record
    duration_s: float

    def truth(self, start: float) -> Truth:
        """Return what was done, for a script that starts at `start` seconds since the Unix epoch."""
        record = self.record
        contacts = [bout.contacts_s for bout in record.bouts]
        return Truth(
            start=start,
            end=start + self.duration_s,
            activities=_shifted(record.activities, start),
            transitions=_shifted(record.transitions, start),
            sittings=tuple(_shifted_sitting(sitting, start) for sitting in record.sittings),
            bouts=tuple(
                TrueBout(start + bout.start_s, start + bout.end_s, bout.contacts_s.shape[0], bout.cadence_spm)
                for bout in record.bouts
            ),
            step_times=start + np.concatenate([np.empty(0), *contacts]),
            bends=_shifted(record.bends, start),
            sets=tuple(_shifted_set(exercise_set, start) for exercise_set in record.sets),
            calibration=_shifted(record.calibration, start),
            slips=_shifted(record.slips, start),
            not_worn=_shifted(record.not_worn, start),
            gaps=_shifted(record.gaps, start),
        )


def choreograph(script: Script, person: Person, seed: int) -> Choreography:
    """Act a script out.

    Raises
    ------
    ValueError
        The script has no scenes.

    """
    if not script:
        raise ValueError("a script needs at least one scene")
    stage = Stage(person, first_stance(script[0]), random_stream(seed, Stream.CHOREOGRAPHY))
    for scene in script:
        act(scene, stage)
    tracks = {channel: builder.build() for channel, builder in stage.tracks.items()}
    return Choreography(tracks, stage.record, stage.now_s)


def _shifted(intervals: Iterable[_Timed], start: float) -> tuple[_Timed, ...]:
    return tuple(replace(interval, start=interval.start + start, end=interval.end + start) for interval in intervals)


def _shifted_sitting(sitting: TrueSitting, start: float) -> TrueSitting:
    return replace(sitting, start=sitting.start + start, end=sitting.end + start, settled=sitting.settled + start)


def _shifted_repetition(repetition: TrueRepetition, start: float) -> TrueRepetition:
    return replace(repetition, start=repetition.start + start, end=repetition.end + start, peak=repetition.peak + start)


def _shifted_set(exercise_set: TrueSet, start: float) -> TrueSet:
    repetitions = tuple(_shifted_repetition(repetition, start) for repetition in exercise_set.repetitions)
    return replace(
        exercise_set, start=exercise_set.start + start, end=exercise_set.end + start, repetitions=repetitions
    )
