"""What the body does each second: lying, sitting, standing, walking, running or cycling.

A hidden Markov model over one-second features. A window on its own cannot tell upright sitting from standing; what can
is history. Three kinds of evidence are joined:

- tilt of the lower back against the wearer's own walking (the reference of Vaha-Ypya et al., "Reliable recognition of
  lying, sitting, and standing with a hip-worn accelerometer", Scand J Med Sci Sports 28 (2018)). A body that keeps
  still tells nothing new, so the weight of its tilt dies away after the last movement;
- movement: gait, pedalling, postural sway, and how much of it turns about the vertical, for wearers who show that;
- change of height (`posture.height_over_time`) at the moment of a change of posture: getting up lifts the sensor by
  20-40 cm, sitting down lowers it (`posture.height_evidence`).

The parameters below are few and round, and are the same for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.special import expit

from posture.events import Activity
from posture.height_change import LONGEST_BEFORE_S
from posture.height_evidence import height_evidence
from posture.own_gait import USUAL_MS2
from posture.own_turning import rather_standing
from posture.rotations import angle_between, unit
from posture.windows import added

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

__all__ = [
    "AT_FIRST",
    "LOOK_BACK_S",
    "NEVER",
    "STATES",
    "LastSeen",
    "emission_scores",
    "free_after_gap",
    "movement_scores",
    "transition_scores",
]

LYING, SITTING, STANDING, WALKING, CYCLING = range(5)
STATES = (Activity.LYING, Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.CYCLING)
"""The states of the model, in the order of their numbers. Running is walking with flight, told apart afterwards."""

LOOK_BACK_S = LONGEST_BEFORE_S
"""So many seconds before a change of posture belong to its evidence."""

MOVED_MS2 = 0.35
"""A second with more movement than this may be a change of posture, and makes its tilt worth looking at anew."""
NOVELTY_S = 7.0
NOVELTY_FLOOR = 0.02
WHILE_MOVING = 0.5
"""Weight of the tilt in a second with movement: the trunk swings when one sits down, and that is no posture."""
TILT_WEIGHT, SWAY_WEIGHT, GAIT_WEIGHT, LYING_WEIGHT = 0.4, 0.4, 1.0, 1.0
AT_REST, REST_SWAY, REST_SWAY_SD = slice(LYING, WALKING), (-1.10, -1.03, -0.75), 0.35
"""The states at rest, and the movement in them, log10 of m/s^2: medians as in healthy adults."""
STILL_S, STILL_SWAY = (30.0, 60.0), (0.6, 1.0)
"""How much the sway of a still second weighs up to 30 s after the last movement, and from 60 s on. Anybody may stand
still for half a minute; later one shifts one's weight (Duarte & Zatsiorsky, Motor Control 3 (1999) 12-27)."""

TURN_WEIGHT, TURN_NOVELTY_S = 0.4, 30.0
"""How much turning about the vertical weighs, and how it dies away after the last movement: people stand and sit more
or less freely, and half a minute of it tells as much as an hour."""

LYING_DEG, LYING_SLOPE_DEG = 70.0, 5.0
"""Vaha-Ypya has 64.9 deg; some people recline that far. Soft, since upright is known to 5 or 10 deg at first."""
PRONE_DOUBT = 0.97
BENT_FOR_S = (40.0, 60.0)
"""Nobody bends for a minute: so long after the trunk was last upright, a bend begins to be, and surely is, lying."""
UPRIGHT_AGAIN_DEG = 35.0
UPRIGHT_SD_DEG = 7.0
SITTING_MEAN_DEG, SITTING_SD_DEG = 22.0, 13.0
OWN_UPRIGHT_SD_DEG, OWN_EDGE_DEG, DESK_LEAN_DEG = 5.0, 4.0, 30.0
CYCLING_MEAN_DEG, CYCLING_SD_DEG = 20.0, 8.0
LEAST_EVEN = 0.05
UNLIKELY_STILL_MS2 = 0.7
AT_FIRST = np.array([-3.0, -1.5, 0.0, 0.0, -3.0])
"""Log score of each state at the first second: most people strap a sensor on on their feet, and start it then."""

IMPOSSIBLE = -30.0
SHOWN = 10.0
"""Against each second of an activity other than those that were shown."""
MOST_LEAVE = 0.2
"""However strong the evidence for a change, staying keeps the most: a change must show in what follows, too."""
GET_UP, SIT_DOWN, LIE_DOWN = -5.8, -5.2, -5.0
"""People rise from a seat some 60 times a day (Dall & Kerr, Appl Ergon 41 (2010) 58-61), and sit for longer than they
are on their feet: in a second of sitting they get up more rarely than they sit down in one of standing."""
SIT_UP_FIRST = 2.0
"""Who gets up sits on the edge of the bed for a moment, rather than stand up from lying in one go."""
TURNING_OVER_DEG = 30.0
"""Turn that makes lying on less likely by 1 nat: any direction is lying, but who lies turns over about as rarely as
they get up. Else all standing and sitting could as well have been spent in bed."""
WITHOUT_MOVEMENT = -6.0
LONG_GAP_S = 30
AFTER_SHORT_GAP, AFTER_LONG_GAP = -3.5, -1.6
"""In a hole of some seconds one sits down as often as in five seconds of standing."""
NEVER = -(10**15)


@dataclass(frozen=True, slots=True)
class LastSeen:
    """What counts from the past for the seconds to come.

    Parameters
    ----------
    movement
        The last second with movement; `NEVER` where there was none.
    upright
        The last second with the trunk upright.

    """

    movement: int = NEVER
    upright: int = NEVER

    def after(self, features: SecondFeatures, calibration: Calibration) -> LastSeen:
        """Return what counts once these seconds have passed, too."""
        if len(features) == 0:
            return self
        is_upright = _tilt_deg(features, calibration) < UPRIGHT_AGAIN_DEG
        return LastSeen(
            _latest(features, features.movement > MOVED_MS2, self.movement), _latest(features, is_upright, self.upright)
        )


def emission_scores(
    features: SecondFeatures, movement: NDArray[np.float64], calibration: Calibration, before: LastSeen
) -> NDArray[np.float64]:
    """Return the log score of each state for each second, shape (n, 5).

    Parameters
    ----------
    features
        n seconds.
    movement
        Shape (n, 5): their `movement_scores`.
    calibration
        Its `upright` must be known; `forward` is used where it is.
    before
        What counts from the seconds before these.

    """
    tilt_deg = _tilt_deg(features, calibration)
    since_s = _since_movement_s(features, before.movement)
    weight = TILT_WEIGHT * _novelty(since_s)[:, np.newaxis]
    lying = _log_sigmoid((tilt_deg - LYING_DEG) / LYING_SLOPE_DEG)
    not_lying = _log_sigmoid((LYING_DEG - tilt_deg) / LYING_SLOPE_DEG)
    bent = _bent_forward(features, calibration, tilt_deg, before.upright)
    scores = weight * _tilt_scores(features, calibration, tilt_deg, bent) + movement
    scores[:, AT_REST] += _sway_scores(features, since_s)
    if calibration.turns_standing:
        turned = TURN_WEIGHT * np.exp(-since_s / TURN_NOVELTY_S) * rather_standing(features)
        scores[:, STANDING] += 0.5 * turned
        scores[:, SITTING] -= 0.5 * turned
    # A deep bend tilts the lower back as lying on the front does; only its length tells. Without the guided calibration
    # forward is not known well enough to say so.
    if calibration.sitting is None:
        bent = np.zeros(len(features))
    trust = LYING_WEIGHT * (1.0 - PRONE_DOUBT * bent)
    scores[:, LYING] += trust * lying
    scores[:, SITTING:] += (trust * not_lying)[:, np.newaxis]
    for shown in calibration.shown:
        inside = (features.second >= shown.start) & (features.second < shown.end)
        others = np.array([activity not in shown.activities for activity in STATES])
        scores[np.ix_(inside, others)] -= SHOWN
    return np.asarray(scores)


def _tilt_deg(features: SecondFeatures, calibration: Calibration) -> NDArray[np.float64]:
    """Return the tilt from upright, shape (n,)."""
    return np.asarray(np.degrees(angle_between(features.up, calibration.known_upright)))


def _latest(features: SecondFeatures, where: NDArray[np.bool_], before: int) -> int:
    seconds = features.second[where]
    return int(seconds[-1]) if len(seconds) else before


def _since_movement_s(features: SecondFeatures, moved_at: int) -> NDArray[np.int64]:
    moved = np.where(features.movement > MOVED_MS2, features.second, moved_at)
    return np.asarray(features.second - np.maximum.accumulate(moved))


def _novelty(since_s: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(since_s == 0, WHILE_MOVING, np.maximum(np.exp(-since_s / NOVELTY_S), NOVELTY_FLOOR))


def _sway_scores(features: SecondFeatures, since_s: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log score of how still the body is in lying, sitting and standing, shape (n, 3)."""
    # More than that is a movement and tells nothing of how still the wearer sits, stands or lies.
    sway = np.log10(np.minimum(features.movement, MOVED_MS2) + 0.01)
    weight = SWAY_WEIGHT * np.where(since_s == 0, 1.0, np.interp(since_s, STILL_S, STILL_SWAY))
    return np.stack([weight * _log_normal(sway, mean, REST_SWAY_SD) for mean in REST_SWAY], axis=1)


def _tilt_scores(
    features: SecondFeatures,
    calibration: Calibration,
    tilt_deg: NDArray[np.float64],
    bent: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log density of the tilt in each state; each is a bell over a broad floor for unusual postures."""
    flexion_deg = calibration.flexion_deg(features.up)
    scores = np.empty((len(features), len(STATES)))
    scores[:, LYING] = np.log(1 / 40)
    scores[:, SITTING] = _sitting_tilt(calibration, tilt_deg, flexion_deg)
    scores[:, STANDING] = scores[:, WALKING] = _half_bell(tilt_deg)
    if calibration.walking is not None:
        scores[:, WALKING] = _half_bell(np.degrees(angle_between(features.up, calibration.walking)))
    # Cyclists lean forward; where forward is not known any lean may be that.
    leaning_deg = tilt_deg if flexion_deg is None else flexion_deg
    scores[:, CYCLING] = _bell(leaning_deg, CYCLING_MEAN_DEG, CYCLING_SD_DEG, share=0.99)
    if calibration.sitting is not None:
        bent = bent * np.clip((tilt_deg - DESK_LEAN_DEG) / 10, 0, 1)
        scores[:, LYING] += np.log(1 - 0.9 * bent)
    # Sitting rolls the pelvis backward; who leans far forward rather stands and bends.
    scores[:, SITTING] += np.log(1 - 0.85 * bent)
    scores[:, STANDING] += np.log(1 + bent)
    return scores


def _sitting_tilt(
    calibration: Calibration, tilt_deg: NDArray[np.float64], flexion_deg: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the log density of the tilt in sitting: the wearer's own, where it has been shown, else people's."""
    if calibration.sitting is None or flexion_deg is None:
        return _bell(tilt_deg, SITTING_MEAN_DEG, SITTING_SD_DEG, share=0.7)
    past_deg = calibration.sitting.past_upright_deg(flexion_deg)
    range_deg = calibration.sitting.range_deg
    upright = np.exp(-0.5 * (past_deg / OWN_UPRIGHT_SD_DEG) ** 2) / (2.5 * OWN_UPRIGHT_SD_DEG)
    within = expit((past_deg + OWN_EDGE_DEG) / 2) * expit((range_deg + OWN_EDGE_DEG - past_deg) / 2)
    # At a desk one also leans forward by up to 30 deg.
    forward_deg = flexion_deg - calibration.sitting.upright_deg
    forward = expit(forward_deg / 2) * expit((DESK_LEAN_DEG - forward_deg) / 2) / DESK_LEAN_DEG
    density = 0.4 * upright + 0.25 * within / (range_deg + 2 * OWN_EDGE_DEG) + 0.25 * forward + 0.1 / 60
    return np.asarray(np.log(density))


def _bent_forward(
    features: SecondFeatures, calibration: Calibration, tilt_deg: NDArray[np.float64], upright_at: int
) -> NDArray[np.float64]:
    """Return 0 (upright, or leaning back or sideways, or not known, or for too long) to 1 (20 deg or more forward)."""
    if calibration.forward is None:
        return np.zeros(len(features))
    vertical = calibration.known_upright
    across = features.up - (features.up @ vertical)[:, np.newaxis] * vertical
    length = np.sqrt(np.einsum("ni,ni->n", across, across))
    toward = -(across @ unit(calibration.forward)) / np.maximum(length, 1e-9)
    upright = np.where(tilt_deg < UPRIGHT_AGAIN_DEG, features.second, upright_at)
    bent_for_s = features.second - np.maximum.accumulate(np.maximum(upright, upright_at))
    begins_s, surely_s = BENT_FOR_S
    brief = np.clip((surely_s - bent_for_s) / (surely_s - begins_s), 0, 1)
    return np.asarray(np.clip(toward, 0, 1) * np.clip((tilt_deg - 10) / 10, 0, 1) * brief)


def movement_scores(
    features: SecondFeatures, stepping: NDArray[np.float64], likely_walking_ms2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the log score in each state of how much, and how rhythmically, the body moves, shape (n, 5).

    How still it is at rest is not among it, since that counts by how long it has been.

    Parameters
    ----------
    features
        n seconds.
    stepping
        Shape (n,): their gait as far as it may be that of steps (`posture.stepping`), in m/s^2.
    likely_walking_ms2
        Shape (n,): how much of it this wearer has to show for walking to be as likely as not (`posture.own_gait`).

    """
    movement = np.log10(features.movement + 0.01)
    gait = np.log10(features.gait + 0.005)
    walks = _log_sigmoid((np.log10(stepping + 0.005) - np.log10(likely_walking_ms2)) / 0.08)
    is_still = _log_sigmoid((np.log10(UNLIKELY_STILL_MS2) - gait) / 0.12)
    scores = np.empty((len(features), len(STATES)))
    scores[:, LYING] = scores[:, SITTING] = GAIT_WEIGHT * is_still
    scores[:, STANDING] = 0.75 * GAIT_WEIGHT * is_still
    # Who treads more softly shakes the trunk less in all.
    shaken = 0.35 + np.log10(likely_walking_ms2 / USUAL_MS2)
    scores[:, WALKING] = SWAY_WEIGHT * _log_normal(movement, shaken, 0.35) + GAIT_WEIGHT * walks
    pedalling = SWAY_WEIGHT * _log_normal(movement, 0.12, 0.2) + 0.5 * GAIT_WEIGHT * _log_normal(gait, -0.22, 0.3)
    # A saddle neither rises and falls nor bows: what is too slow or swings too far for steps is no pedalling either.
    evenly = np.log(np.clip(stepping / np.maximum(features.gait, 1e-9), LEAST_EVEN, 1.0))
    scores[:, CYCLING] = pedalling + evenly - 0.3
    return scores


def transition_scores(features: SecondFeatures) -> NDArray[np.float64]:
    """Return the log score of going from each state to each other at each second, shape (n, 5, 5).

    The first `LOOK_BACK_S` and the last `LOOK_AHEAD_S` rows have not seen all their evidence. The seconds follow each
    other without a hole.
    """
    change = np.where(_moved_about(features.movement), 0.0, WITHOUT_MOVEMENT)
    get_up, sit_down, lie = change + GET_UP, change + SIT_DOWN, change + LIE_DOWN
    height = height_evidence(features)
    scores = np.full((len(features), len(STATES), len(STATES)), IMPOSSIBLE)
    scores[:, SITTING, STANDING] = get_up + height.got_up
    scores[:, SITTING, WALKING] = get_up - 0.5 + height.got_up
    scores[:, STANDING, SITTING] = sit_down + height.sat_down
    scores[:, WALKING, SITTING] = sit_down - 0.5 + height.sat_down
    scores[:, STANDING, WALKING] = -3.0
    scores[:, WALKING, STANDING] = -2.5
    scores[:, LYING, SITTING] = lie + height.sat_up_from_lying
    scores[:, LYING, STANDING] = lie - SIT_UP_FIRST + height.stood_up_from_lying
    scores[:, LYING, WALKING] = lie - SIT_UP_FIRST - 0.5 + height.stood_up_from_lying
    scores[:, SITTING, LYING] = lie - height.lay_down_from_standing
    scores[:, STANDING, LYING] = lie + height.lay_down_from_standing
    scores[:, WALKING, LYING] = lie - 1.0 + height.lay_down_from_standing
    scores[:, [CYCLING, CYCLING], [STANDING, WALKING]] = -5.0
    scores[:, [STANDING, WALKING], [CYCLING, CYCLING]] = -7.0
    scores[:, [CYCLING, SITTING], [SITTING, CYCLING]] = -9.0
    # State by state: `sum` over an axis of five takes five times as long.
    leave = added([np.exp(scores[:, :, to]) for to in range(len(STATES))])
    diagonal = np.arange(len(STATES))
    scores[:, diagonal, diagonal] = np.log1p(-np.minimum(leave, MOST_LEAVE))
    scores[:, LYING, LYING] -= _turned_deg(features.up) / TURNING_OVER_DEG
    return scores


def _turned_deg(up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much up, shape (n, 3), turned from each second to the next, shape (n,); 0 for the first."""
    turned = np.zeros(len(up))
    turned[1:] = np.degrees(angle_between(up[1:], up[:-1]))
    return turned


def free_after_gap(missing_s: int) -> NDArray[np.float64]:
    """Return the log scores of a change across a hole of so many seconds, shape (5, 5)."""
    scores = np.full((len(STATES), len(STATES)), AFTER_SHORT_GAP if missing_s < LONG_GAP_S else AFTER_LONG_GAP)
    np.fill_diagonal(scores, 0.0 if missing_s < LONG_GAP_S else AFTER_LONG_GAP)
    return scores


def _moved_about(movement: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether there was movement in this second or one of its neighbours."""
    return np.asarray(maximum_filter1d(movement, 3, mode="nearest") > MOVED_MS2) if len(movement) else movement > 0


def _log_sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-np.logaddexp(0.0, -x))


def _log_normal(
    x: NDArray[np.float64], mean: float | NDArray[np.float64], sd: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(-0.5 * ((x - mean) / sd) ** 2 - np.log(sd))


def _bell(tilt_deg: NDArray[np.float64], mean: float, sd: float, share: float) -> NDArray[np.float64]:
    bell = np.log(share / 2.5) + _log_normal(tilt_deg, mean, sd)
    return np.asarray(np.logaddexp(bell, np.log((1 - share) / 60)))


def _half_bell(tilt_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    bell = np.log(0.9 * 0.8) + _log_normal(tilt_deg, 0.0, UPRIGHT_SD_DEG)
    return np.asarray(np.logaddexp(bell, np.log(0.1 / 60)))
