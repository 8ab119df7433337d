"""The stage on which scenes are acted out: the clock, the body's movement so far, and the record of what was done."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.virtual.body import Family, stances
from firmware_bridge.virtual.tracks import Channel, TrackBuilder
from firmware_bridge.virtual.truth import (
    Interval,
    TrueActivity,
    TrueBend,
    TrueCalibrationSection,
    TrueSet,
    TrueSitting,
    TrueSlip,
    TrueTransition,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.virtual.body import Person, Stance
    from firmware_bridge.virtual.gait import WalkingBout

__all__ = ["Record", "Stage"]

_ACTIVITIES = {
    Family.STANDING: "standing",
    Family.SITTING: "sitting",
    Family.LYING: "lying",
    Family.HANDS_AND_KNEES: "unknown",
}
_CHANGING_UNREST_MS2 = 0.4
_VERBS = {Family.STANDING: "stand", Family.SITTING: "sit", Family.LYING: "lie"}


@dataclass(slots=True)
class Record:
    """What was done, in seconds since the script's start."""

    activities: list[TrueActivity] = field(default_factory=list)
    transitions: list[TrueTransition] = field(default_factory=list)
    sittings: list[TrueSitting] = field(default_factory=list)
    bends: list[TrueBend] = field(default_factory=list)
    sets: list[TrueSet] = field(default_factory=list)
    calibration: list[TrueCalibrationSection] = field(default_factory=list)
    slips: list[TrueSlip] = field(default_factory=list)
    not_worn: list[Interval] = field(default_factory=list)
    gaps: list[Interval] = field(default_factory=list)
    bouts: list[WalkingBout] = field(default_factory=list)
    jolts: list[NDArray[np.float64]] = field(default_factory=list)

    def activity(self, start_s: float, end_s: float, label: str) -> None:
        """Add a stretch of activity, joined to the last one where it goes on."""
        if end_s <= start_s:
            return
        last = self.activities[-1] if self.activities else None
        if last is not None and last.activity == label and math.isclose(last.end, start_s):
            self.activities[-1] = TrueActivity(last.start, end_s, label)
        else:
            self.activities.append(TrueActivity(start_s, end_s, label))


class Stage:
    """Moves the body from posture to posture.

    Parameters
    ----------
    person
        Whose body.
    first
        Name of the posture at the start.
    random
        Decides all that is not scripted.

    """

    def __init__(self, person: Person, first: str, random: np.random.Generator) -> None:
        self.person = person
        self.random = random
        self.record = Record()
        self.now_s = 0.0
        self._stances = stances(person)
        self.stance = self._stances[first]
        targets = self.stance.targets()
        self.tracks = {channel: TrackBuilder(targets.get(channel, 0.0)) for channel in Channel}

    def named(self, name: str) -> Stance:
        """Return a posture of this wearer's."""
        return self._stances[name]

    def pass_time(self, duration_s: float) -> None:
        """Let the clock run, in the activity of the present posture."""
        label = _ACTIVITIES.get(self.stance.family)
        if label is not None:
            self.record.activity(self.now_s, self.now_s + duration_s, label)
        self.now_s += duration_s

    def settle(self, stance: Stance, duration_s: float) -> None:
        """Begin a move into a posture of the same family; the clock does not run."""
        for channel, value in stance.targets().items():
            self.tracks[channel].move(self.now_s, duration_s, value)
        self.stance = stance

    def take(self, stance: Stance) -> None:
        """Get into `stance` from a posture of another family; nothing where the family is the same already."""
        before, after = self.stance.family, stance.family
        if before is after:
            return
        start_s = self.now_s
        if Family.TABLE in {before, after}:
            self._handle(stance)
        elif {before, after} == {Family.STANDING, Family.SITTING}:
            self.rise_or_sit(stance, self.varied(self.person.sit_to_stand_s, 0.12), math.radians(self.varied(32, 0.15)))
        else:
            self._get_down_or_up(stance)
        if before in _VERBS and after in _VERBS:
            self.note_transition(start_s, f"{_VERBS[before]}_to_{_VERBS[after]}")

    def note_transition(self, start_s: float, kind: str) -> None:
        """Record a change of posture that ends now."""
        self.record.transitions.append(TrueTransition(start_s, self.now_s, kind))

    def rise_or_sit(self, stance: Stance, duration_s: float, swing_rad: float) -> None:
        """Stand up or sit down: the trunk swings forward, then the body rises (Schenkman 1990)."""
        rising = stance.family is Family.STANDING
        start_s, targets = self.now_s, stance.targets()
        turn_s = (0.45 if rising else 0.5) * duration_s
        middle = max(self.tracks[Channel.PITCH].value, targets[Channel.PITCH]) + swing_rad
        self.tracks[Channel.PITCH].move(start_s, turn_s, middle)
        self.tracks[Channel.PITCH].move(start_s + turn_s, duration_s - turn_s, targets[Channel.PITCH])
        lift_s, lifted_s = (0.34 * duration_s, 0.5 * duration_s) if rising else (0.12 * duration_s, 0.7 * duration_s)
        for channel in (Channel.HEIGHT, Channel.FORWARD):
            self.tracks[channel].move(start_s + lift_s, lifted_s, targets[channel])
        for channel in (Channel.ROLL, Channel.TWIST, Channel.SWAY, Channel.BREATH):
            self.tracks[channel].move(start_s, duration_s, targets[channel])
        self._jerk(duration_s, targets[Channel.UNREST])
        if not rising:
            jolt_ms2 = self.varied(2.5, 0.3)
            self.record.jolts.append(np.array([[start_s + lift_s + lifted_s, 6.0, -0.3 * jolt_ms2, 0.0, jolt_ms2]]))
        self.now_s += duration_s
        self.stance = stance

    def _get_down_or_up(self, stance: Stance) -> None:
        """Lie down, get up from lying, or go to hands and knees: tip and rise together, turn over late or early."""
        duration_s = self.varied(4.0, 0.12)
        start_s, targets = self.now_s, stance.targets()
        lying_down = stance.family is Family.LYING
        self._jerk(duration_s, targets.pop(Channel.UNREST))
        for channel, value in targets.items():
            first, part = (0.0, 1.0)
            if channel is Channel.TWIST:
                first, part = (0.45, 0.5) if lying_down else (0.0, 0.5)
            elif channel is Channel.PITCH:
                first, part = (0.1, 0.75) if lying_down else (0.2, 0.75)
            self.tracks[channel].move(start_s + first * duration_s, part * duration_s, value)
        self.now_s += duration_s
        self.stance = stance

    def _jerk(self, duration_s: float, afterwards_ms2: float) -> None:
        """Make the movement that begins now less smooth than an ideal one."""
        self.tracks[Channel.UNREST].move(self.now_s, duration_s / 2, _CHANGING_UNREST_MS2)
        self.tracks[Channel.UNREST].move(self.now_s + duration_s / 2, duration_s / 2, afterwards_ms2)

    def _handle(self, stance: Stance) -> None:
        """Take the sensor off or put it on: it is turned over in the hands on its way."""
        start_s, steps, step_s = self.now_s, 4, 1.3
        targets = stance.targets()
        for step in range(steps - 1):
            for channel, spread in ((Channel.PITCH, 0.7), (Channel.ROLL, 0.9), (Channel.TWIST, 1.2)):
                angle = float(self.random.normal(targets[channel], spread))
                self.tracks[channel].move(start_s + step * step_s, step_s, angle)
        for channel in (Channel.PITCH, Channel.ROLL, Channel.TWIST):
            self.tracks[channel].move(start_s + (steps - 1) * step_s, step_s, targets[channel])
        for channel in (Channel.HEIGHT, Channel.FORWARD, Channel.SWAY, Channel.BREATH, Channel.UNREST):
            self.tracks[channel].move(start_s, steps * step_s, targets[channel])
        self.now_s += steps * step_s
        if stance.family is Family.TABLE:
            self.record.jolts.append(np.array([[self.now_s, 12.0, 0.0, 0.0, 4.0]]))
        self.stance = stance

    def varied(self, mean: float, spread: float) -> float:
        """Return a value drawn around `mean`; `spread` is the standard deviation as a share, cut off at two of them."""
        return mean * (1 + spread * min(max(float(self.random.standard_normal()), -2.0), 2.0))
