"""Walking at the lower back: the accelerations and rotations of the pelvis as harmonics of the step.

The shape follows the published course of the trunk's acceleration: upward most after initial contact and least at
mid-stance, forward most just before contact and braking after it, sideways at half the step's frequency (Zijlstra &
Hof 2003, doi:10.1016/S0966-6362(02)00190-X; Menz 2003, doi:10.1016/S0966-6362(02)00159-5), and the pelvis' rotations
of some 3 deg tilt, 7 deg obliquity and 9 deg turn from end to end (Kadaba 1990, doi:10.1002/jor.1100080310). Steps vary
by about 2.5 % (Hausdorff 1996, doi:10.1152/jappl.1996.80.5.1448). Each contact adds a short heel-strike transient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["GaitCourse", "WalkingBout", "heel_strikes", "plan_bout"]

_STEP_VARIATION = 0.025
_STRENGTH_VARIATION = 0.06
_FIRST_CONTACT_S = 0.65
_LAST_CONTACT_S = 0.45
_REFERENCE_SPM = 110.0
_UPWARD_MS2 = 2.5
_STRIKE_HZ = 9.0
_STRIKE_DELAY_S = 0.03
_RINGS = 2
_RINGING = 0.25
_RAD = np.pi / 180


class GaitCourse(NamedTuple):
    """Walking at points in time: accelerations (m/s^2: forward, left, up), angles (rad: pitch, roll, twist), rates."""

    acceleration: NDArray[np.float64]
    angles: NDArray[np.float64]
    rates: NDArray[np.float64]


class _Harmonic(NamedTuple):
    """`size` * cos(2 pi (`cycles` * phase - `lag`)); phase counts steps."""

    cycles: float
    size: float
    lag: float


_PUSHES: tuple[tuple[_Harmonic, ...], ...] = (
    (_Harmonic(1, 0.55, 0.75), _Harmonic(2, 0.28, 0.7)),
    (_Harmonic(0.5, 0.34, 0.2), _Harmonic(1.5, 0.3, 0.3), _Harmonic(2.5, 0.12, 0.1)),
    (_Harmonic(1, 0.95, 0.14), _Harmonic(2, 0.4, 0.12), _Harmonic(3, 0.14, 0.3)),
)
"""Forward, left and up, in parts of the force."""

_TURNS: tuple[tuple[_Harmonic, ...], ...] = (
    (_Harmonic(1, 1.4 * _RAD, 0.35), _Harmonic(2, 0.4 * _RAD, 0.1)),
    (_Harmonic(0.5, 3.2 * _RAD, 0.2), _Harmonic(1.5, 0.8 * _RAD, 0.4)),
    (_Harmonic(0.5, 4.2 * _RAD, 0.0), _Harmonic(1.5, 0.7 * _RAD, 0.2)),
)
"""Pitch, roll and twist, in rad."""


@dataclass(frozen=True, slots=True, eq=False)
class WalkingBout:
    """One bout of walking.

    Parameters
    ----------
    start_s, end_s
        Since the script's start.
    contacts_s
        Shape (n,): initial contacts.
    strengths
        Shape (n,): force of each step as a share of the mean one.
    side
        0 where the first step is a left one, else 1.
    limp
        Share by which one side is weaker.

    """

    start_s: float
    end_s: float
    contacts_s: NDArray[np.float64]
    strengths: NDArray[np.float64]
    side: int
    limp: float

    @property
    def cadence_spm(self) -> float:
        """Mean steps per minute from the first to the last contact."""
        return float(60 * (self.contacts_s.shape[0] - 1) / (self.contacts_s[-1] - self.contacts_s[0]))

    @property
    def force_ms2(self) -> float:
        """Size of the vertical acceleration, which grows with the square of the cadence."""
        return _UPWARD_MS2 * (self.cadence_spm / _REFERENCE_SPM) ** 2

    def at(
        self, times_s: NDArray[np.float64], envelope: NDArray[np.float64], growth: NDArray[np.float64]
    ) -> GaitCourse:
        """Return the course of walking.

        Parameters
        ----------
        times_s
            Shape (n,): seconds since the script's start.
        envelope, growth
            Shape (n,) or (): how much of full walking there is, 0 to 1, and its derivative per second.

        """
        interpolator = self._phase()
        phase, pace = interpolator(times_s), interpolator(times_s, 1)
        strength = np.interp(times_s, self.contacts_s, self.strengths)
        angles, rates, acceleration = np.empty((3, times_s.shape[0], 3))
        for column, harmonics in enumerate(_TURNS):
            value, slope = _sum(harmonics, phase)
            angles[:, column] = envelope * value
            rates[:, column] = envelope * slope * pace + growth * value
        for column, harmonics in enumerate(_PUSHES):
            acceleration[:, column] = _sum(harmonics, phase)[0]
        acceleration[:, 2] += 0.5 * self.limp * np.cos(np.pi * (phase - 0.2))
        acceleration *= (envelope * strength * self.force_ms2)[:, None]
        return GaitCourse(acceleration, angles, rates)

    def _phase(self) -> PchipInterpolator:
        """Return steps taken over time: `side` plus a whole number at each contact, smooth in between."""
        period = 60 / self.cadence_spm
        times = np.concatenate(
            [
                self.contacts_s[0] + period * np.array([-3.0, -2.0, -1.0]),
                self.contacts_s,
                self.contacts_s[-1] + period * np.array([1.0, 2.0, 3.0]),
            ]
        )
        return PchipInterpolator(times, np.arange(times.shape[0]) - 3.0 + self.side)


def _sum(harmonics: Sequence[_Harmonic], phase: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    value, slope = np.zeros((2, phase.shape[0]))
    for harmonic in harmonics:
        turn = 2 * np.pi * (harmonic.cycles * phase - harmonic.lag)
        value += harmonic.size * np.cos(turn)
        slope -= 2 * np.pi * harmonic.cycles * harmonic.size * np.sin(turn)
    return value, slope


def plan_bout(
    start_s: float, duration_s: float, cadence_spm: float, asymmetry: float, random: np.random.Generator
) -> WalkingBout:
    """Return a bout with its steps drawn."""
    side = int(random.integers(2))
    count = int((duration_s + 1) * cadence_spm / 60) * 2 + 4
    even = np.where((np.arange(count) + side) % 2 == 0, 1.0, -1.0)
    varied = 1 + _STEP_VARIATION * np.clip(random.standard_normal(count), -3, 3)
    contacts = start_s + _FIRST_CONTACT_S + np.cumsum(60 / cadence_spm * varied * (1 + 0.5 * asymmetry * even))
    contacts = contacts - contacts[0] + start_s + _FIRST_CONTACT_S
    contacts = contacts[contacts <= start_s + duration_s - _LAST_CONTACT_S]
    strengths = (1 + asymmetry * even) * (1 + _STRENGTH_VARIATION * random.standard_normal(count))
    return WalkingBout(
        start_s, start_s + duration_s, contacts, strengths[: contacts.shape[0]].clip(0.2), side, asymmetry
    )


def heel_strikes(bout: WalkingBout, random: np.random.Generator) -> NDArray[np.float64]:
    """Return the jolts of a bout: at each contact a transient, braking and up, then irregular ringing of soft tissue.

    Returns
    -------
    Shape (n, 5), as `firmware_bridge.virtual.impacts` has them.

    """
    force_ms2 = bout.force_ms2 * bout.strengths
    up_ms2 = force_ms2 * (0.5 + 0.12 * random.standard_normal(force_ms2.shape))
    left_ms2 = 0.35 * up_ms2 * random.standard_normal(force_ms2.shape)
    struck_s, quickness_hz = bout.contacts_s + _STRIKE_DELAY_S, np.full(force_ms2.shape, _STRIKE_HZ)
    strikes = np.stack([struck_s, quickness_hz, -0.6 * up_ms2, left_ms2, up_ms2], axis=1)
    jolts = [strikes]
    for _ in range(_RINGS):
        rings = np.empty_like(strikes)
        rings[:, 0] = bout.contacts_s + random.uniform(0.04, 0.35, force_ms2.shape)
        rings[:, 1] = random.uniform(6, 14, force_ms2.shape)
        rings[:, 2:] = _RINGING * force_ms2[:, None] * random.standard_normal((force_ms2.shape[0], 3))
        jolts.append(rings)
    return np.concatenate(jolts)
