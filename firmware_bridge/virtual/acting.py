"""How each scene of a script is acted out on the stage."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import singledispatch
from typing import TYPE_CHECKING

from firmware_bridge.virtual.body import Family
from firmware_bridge.virtual.exercises import PATTERNS
from firmware_bridge.virtual.gait import heel_strikes, plan_bout
from firmware_bridge.virtual.script import (
    Bend,
    Calibration,
    ExerciseSet,
    Gap,
    Lie,
    NotWorn,
    Sit,
    SittingPosture,
    SlipAxis,
    Stand,
    StrapSlip,
    Walk,
)
from firmware_bridge.virtual.tracks import Channel
from firmware_bridge.virtual.truth import (
    Interval,
    TrueBend,
    TrueCalibrationSection,
    TrueRepetition,
    TrueSet,
    TrueSitting,
    TrueSlip,
)

if TYPE_CHECKING:
    from firmware_bridge.virtual.script import Scene
    from firmware_bridge.virtual.stage import Stage

__all__ = ["act", "first_stance"]

_SLIP_S = 1.0
_SHORTEST_FIDGET_S = 4.0
_GAIT_RAMP_S = 0.9


def first_stance(scene: Scene) -> str:
    """Return the name of the posture in which a script that opens with `scene` begins."""
    match scene:
        case Sit():
            return "sitting"
        case Lie():
            return f"lying_{scene.posture}"
        case NotWorn():
            return "table"
        case ExerciseSet():
            return PATTERNS[scene.exercise].stance
        case _:
            return "standing"


@singledispatch
def act(scene: Scene, stage: Stage) -> None:
    """Play one scene."""
    raise TypeError(f"{type(scene).__name__} is no scene (at {stage.now_s:.0f} s of the script)")


@act.register(Sit)
def _sit(scene: Sit, stage: Stage) -> None:
    upright = stage.named("sitting")
    stage.take(upright)
    start_s = stage.now_s
    stage.settle(upright.seated(scene.posture, scene.degrees), scene.onset_s)
    _note_sitting(stage, start_s, scene)
    _fidget(stage, start_s + scene.onset_s, start_s + scene.duration_s, scene.fidgets_per_min)
    stage.pass_time(scene.duration_s)


def _note_sitting(stage: Stage, start_s: float, scene: Sit) -> None:
    end_s, settled_s = start_s + scene.duration_s, start_s + scene.onset_s
    sittings = stage.record.sittings
    if sittings:
        last = sittings[-1]
        same = (last.posture, last.degrees) == (scene.posture, scene.degrees)
        if same and math.isclose(last.end, start_s):
            sittings[-1] = replace(last, end=end_s)
            return
    sittings.append(TrueSitting(start_s, end_s, settled_s, scene.posture, scene.degrees))


@act.register(Stand)
def _stand(scene: Stand, stage: Stage) -> None:
    stage.take(stage.named("standing"))
    start_s = stage.now_s
    _fidget(stage, start_s, start_s + scene.duration_s, scene.fidgets_per_min)
    stage.pass_time(scene.duration_s)


@act.register(Lie)
def _lie(scene: Lie, stage: Stage) -> None:
    lying = stage.named(f"lying_{scene.posture}")
    stage.take(lying)
    stage.settle(lying, min(2.5, scene.duration_s))
    stage.pass_time(scene.duration_s)


def _fidget(stage: Stage, start_s: float, end_s: float, per_min: float) -> None:
    """Shift, turn or reach now and then, and return: the exponential waits of unprompted movement."""
    at_s = start_s + _wait(stage, per_min)
    while at_s + _SHORTEST_FIDGET_S < end_s:
        reach = stage.random.random() < 0.12  # noqa: PLR2004 - about every eighth is a reach across the desk
        go_s, back_s = stage.random.uniform(0.6, 1.4, 2).tolist()
        hold_s = min(stage.random.exponential(1.0 if reach else 4.0), end_s - at_s - go_s - back_s)
        pitch_deg, roll_deg, twist_deg = (stage.random.standard_normal(3).clip(-2, 2) * (1.6, 1.4, 3.0)).tolist()
        if reach:
            pitch_deg, roll_deg, twist_deg = abs(pitch_deg) * 5 + 4, roll_deg * 3, twist_deg * 3
        for channel, degrees in ((Channel.PITCH, pitch_deg), (Channel.ROLL, roll_deg), (Channel.TWIST, twist_deg)):
            track = stage.tracks[channel]
            resting = track.value
            track.move(at_s, go_s, resting + math.radians(degrees))
            track.move(at_s + go_s + hold_s, back_s, resting)
        at_s += go_s + hold_s + back_s + _wait(stage, per_min)


def _wait(stage: Stage, per_min: float) -> float:
    return float(stage.random.exponential(60 / per_min)) if per_min > 0 else math.inf


@act.register(Walk)
def _walk(scene: Walk, stage: Stage) -> None:
    standing = stage.named("standing")
    stage.take(standing)
    start_s, end_s = stage.now_s, stage.now_s + scene.duration_s
    ramp_s = min(_GAIT_RAMP_S, scene.duration_s / 3)
    bout = plan_bout(start_s, scene.duration_s, scene.cadence_spm, scene.asymmetry, stage.random)
    stage.record.bouts.append(bout)
    stage.record.jolts.append(heel_strikes(bout, stage.random))
    for channel, walking, resting in (
        (Channel.GAIT, 1.0, 0.0),
        (Channel.PITCH, math.radians(stage.person.walking_lean_deg), 0.0),
        (Channel.UNREST, 4 * standing.unrest_ms2, standing.unrest_ms2),
    ):
        stage.tracks[channel].move(start_s, ramp_s, walking)
        stage.tracks[channel].move(end_s - ramp_s, ramp_s, resting)
    _turn_corners(stage, start_s + ramp_s, end_s - ramp_s, scene.turns_per_min)
    stage.record.activity(start_s, end_s, "walking")
    stage.now_s = end_s


def _turn_corners(stage: Stage, start_s: float, end_s: float, per_min: float) -> None:
    heading = stage.tracks[Channel.HEADING]
    at_s = start_s + _wait(stage, per_min)
    while at_s + 3 < end_s:
        degrees = float(stage.random.uniform(45, 180) * stage.random.choice((-1, 1)))
        turn_s = 0.8 + abs(degrees) / 120
        heading.move(at_s, turn_s, heading.value + math.radians(degrees))
        at_s += turn_s + _wait(stage, per_min)


@act.register(Bend)
def _bend(scene: Bend, stage: Stage) -> None:
    stage.take(stage.named("standing"))
    start_s = stage.now_s
    _bow(stage, scene.degrees, scene.move_s, scene.hold_s)
    stage.record.bends.append(TrueBend(start_s, stage.now_s, scene.degrees))


def _bow(stage: Stage, degrees: float, move_s: float, hold_s: float) -> None:
    pitch = stage.tracks[Channel.PITCH]
    resting = pitch.value
    pitch.move(stage.now_s, move_s, resting + math.radians(degrees))
    pitch.move(stage.now_s + move_s + hold_s, move_s, resting)
    stage.pass_time(2 * move_s + hold_s)


@act.register(ExerciseSet)
def _exercise(scene: ExerciseSet, stage: Stage) -> None:
    start = stage.named(PATTERNS[scene.exercise].stance)
    stage.take(start)
    stage.settle(start, 1.5)
    stage.pass_time(2.0)
    start_s = stage.now_s
    repetitions = tuple(_repeat(stage, scene, number) for number in range(scene.repetitions))
    stage.record.sets.append(TrueSet(start_s, repetitions[-1].end, scene.exercise, repetitions))
    stage.pass_time(1.0)


def _repeat(stage: Stage, scene: ExerciseSet, number: int) -> TrueRepetition:
    pattern = PATTERNS[scene.exercise]
    out_s, hold_s, back_s, rest_s, range_deg = (
        stage.varied(mean, scene.variation)
        for mean in (scene.out_s, scene.hold_s, scene.back_s, scene.rest_s, scene.mean_range_deg)
    )
    if pattern.rises:
        repetition = _stand_up_and_sit_down(stage, out_s, hold_s, back_s, range_deg)
    else:
        sign = -1.0 if pattern.alternates and number % 2 else 1.0
        repetition = _go_and_return(stage, scene.exercise, sign, (out_s, hold_s, back_s), range_deg)
    stage.pass_time(rest_s)
    return repetition


def _go_and_return(
    stage: Stage, exercise: str, sign: float, tempo_s: tuple[float, float, float], range_deg: float
) -> TrueRepetition:
    pattern = PATTERNS[exercise]
    out_s, hold_s, back_s = tempo_s
    angle, height = stage.tracks[pattern.primary], stage.tracks[Channel.HEIGHT]
    resting_rad, resting_m, start_s = angle.value, height.value, stage.now_s
    peak_s = start_s + out_s
    move_s = out_s
    for station in pattern.stations:
        angle.move(stage.now_s, move_s, resting_rad + sign * station * math.radians(range_deg))
        height.move(stage.now_s, move_s, resting_m + pattern.rise_m)
        stage.pass_time(move_s + hold_s)
        move_s = out_s + back_s
    angle.move(stage.now_s, back_s, resting_rad)
    height.move(stage.now_s, back_s, resting_m)
    stage.pass_time(back_s)
    side = "both"
    if pattern.alternates:
        rightward = (sign > 0) == (pattern.primary is Channel.ROLL)
        side = "right" if rightward else "left"
    return TrueRepetition(start_s, stage.now_s, peak_s, range_deg, hold_s, side)


def _stand_up_and_sit_down(
    stage: Stage, out_s: float, hold_s: float, back_s: float, range_deg: float
) -> TrueRepetition:
    start_s = stage.now_s
    swing_rad = math.radians(max(range_deg - stage.person.upright_sit_tilt_deg, 5.0))
    stage.rise_or_sit(stage.named("standing"), out_s, swing_rad)
    stage.note_transition(start_s, "sit_to_stand")
    peak_s = stage.now_s
    stage.pass_time(hold_s)
    down_s = stage.now_s
    stage.rise_or_sit(stage.named("sitting"), back_s, swing_rad)
    stage.note_transition(down_s, "stand_to_sit")
    return TrueRepetition(start_s, stage.now_s, peak_s, range_deg, hold_s, "both")


@act.register(NotWorn)
def _leave_on_table(scene: NotWorn, stage: Stage) -> None:
    start_s = stage.now_s
    stage.take(stage.named("table"))
    stage.pass_time(scene.duration_s)
    stage.record.not_worn.append(Interval(start_s, stage.now_s))


@act.register(StrapSlip)
def _slip(scene: StrapSlip, stage: Stage) -> None:
    channel = Channel.SLIP_TIP if scene.axis is SlipAxis.TIP else Channel.SLIP_TURN
    track = stage.tracks[channel]
    track.move(stage.now_s, _SLIP_S, track.value + math.radians(scene.degrees))
    stage.record.slips.append(TrueSlip(stage.now_s, stage.now_s + _SLIP_S, scene.degrees))
    _linger(stage, _SLIP_S)


@act.register(Gap)
def _lose_samples(scene: Gap, stage: Stage) -> None:
    stage.record.gaps.append(Interval(stage.now_s, stage.now_s + scene.duration_s))
    _linger(stage, scene.duration_s)


def _linger(stage: Stage, duration_s: float) -> None:
    """Stay as one is; a sitting posture goes on."""
    sittings = stage.record.sittings
    if sittings and math.isclose(sittings[-1].end, stage.now_s):
        sittings[-1] = replace(sittings[-1], end=stage.now_s + duration_s)
    stage.pass_time(duration_s)


@act.register(Calibration)
def _calibrate(scene: Calibration, stage: Stage) -> None:
    stage.take(stage.named("standing"))
    stage.pass_time(2.0)
    _hold_section(stage, "upright_stand")
    stage.pass_time(1.0)
    bow_s = stage.now_s
    for _ in range(2):
        _bow(stage, scene.bow_deg, 1.8, 0.3)
        stage.pass_time(0.7)
    stage.record.calibration.append(TrueCalibrationSection(bow_s, stage.now_s, "forward_bend"))
    stage.pass_time(1.0)
    _sit(Sit(2.0, fidgets_per_min=0), stage)
    _hold_section(stage, "upright_sit")
    _sit(Sit(7.0, SittingPosture.SLOUCHED, scene.slouch_deg, fidgets_per_min=0), stage)
    end_s = stage.now_s
    stage.record.calibration.append(TrueCalibrationSection(end_s - 5.0, end_s, "slouched_sit"))
    _sit(Sit(3.0, fidgets_per_min=0), stage)


def _hold_section(stage: Stage, section: str) -> None:
    start_s = stage.now_s
    if stage.stance.family is Family.SITTING:
        _sit(Sit(5.0, fidgets_per_min=0), stage)
    else:
        stage.pass_time(5.0)
    stage.record.calibration.append(TrueCalibrationSection(start_s, stage.now_s, section))
