"""Calibration from guided movements: stand upright, bow twice, sit upright, sit slouched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from config.calibration import SectionName
from config.errors import CalibrationError
from posture.accelerometer_offset import up_without_offset
from posture.calibration import Calibration, CalibrationSource, ShownActivity, SittingRange
from posture.events import Activity
from posture.frame import GRID_HZ
from posture.rotations import angle_between, flexion, unit
from posture.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from config.calibration import CalibrationSection
    from posture.frame import PostureFrame

__all__ = ["GuidedCalibration", "GuidedCalibrationState"]

SETTLE_S = 0.5
"""Left out at either end of a held posture, where the wearer still moves."""
MINIMUM_HOLD_S = 1.0
STEADY_DEG = 8.0
MINIMUM_BOW_DEG = 20.0
MINIMUM_SITTING_RANGE_DEG = 3.0
SITTING = (SectionName.UPRIGHT_SIT, SectionName.SLOUCHED_SIT)
SITS_ON_S = 2.0
"""The wearer hardly jumps up at the very end of the calibration."""
INSTRUCTIONS = {
    SectionName.UPRIGHT_STAND: "standing upright",
    SectionName.FORWARD_BEND: "bowing forward",
    SectionName.UPRIGHT_SIT: "sitting upright",
    SectionName.SLOUCHED_SIT: "sitting slouched",
}


@dataclass(slots=True)
class GuidedCalibrationState:
    """What has been seen of the sections: up in each, and the force and the gyroscope while still; blocks (n, 3).

    Also the accelerometer's offset that has been taken off them, and whether the gyroscope's bias has been handed on.
    """

    up: dict[CalibrationSection, list[NDArray[np.float64]]]
    acc: dict[CalibrationSection, list[NDArray[np.float64]]]
    gyr: dict[CalibrationSection, list[NDArray[np.float64]]]
    acc_offset_ms2: NDArray[np.float64] | None
    has_given_bias: bool = False


class GuidedCalibration(Stage[GuidedCalibrationState]):
    """Collect the calibration movements from frames and work out the calibration.

    Gravity while standing upright gives up. In the bow, up swings away from it towards the wearer's back; that gives
    forward, whatever the mounting. Sitting upright and slouched, where shown, give the wearer's sitting range.

    Parameters
    ----------
    sections
        When each movement was done, on the clock of the samples. Standing and the bow are needed.
    acc_offset_ms2
        Offset that has been taken off the samples, to be told on.

    Raises
    ------
    CalibrationError
        Standing or the bow is missing from the sections, or one is too short.

    """

    def __init__(
        self, sections: Sequence[CalibrationSection], acc_offset_ms2: NDArray[np.float64] | None = None
    ) -> None:
        seen = _nothing(sections), _nothing(sections), _nothing(sections)
        super().__init__(GuidedCalibrationState(*seen, acc_offset_ms2))
        self._sections = tuple(sections)
        named = {section.name for section in self._sections}
        for needed in (SectionName.UPRIGHT_STAND, SectionName.FORWARD_BEND):
            if needed not in named:
                raise CalibrationError(f"the calibration has no section {needed}: add it and try again")
        for section in self._sections:
            if section.end - section.start < MINIMUM_HOLD_S + 2 * SETTLE_S:
                raise CalibrationError(
                    f"the calibration section {section.name} at {section.start:.1f} s is too short: "
                    f"{INSTRUCTIONS[section.name]} takes at least {MINIMUM_HOLD_S + 2 * SETTLE_S:.0f} s"
                )

    @property
    def end(self) -> float:
        """Return when the last movement ends."""
        return max(section.end for section in self._sections)

    @property
    def end_index(self) -> int:
        """Return the first grid row after the last movement."""
        return ceil(self.end * GRID_HZ)

    def bias_from(self, index: int) -> NDArray[np.float64] | None:
        """Return the gyroscope's bias in rad/s, shape (3,), for the grid rows from `index` on.

        Once only, as soon as the last movement is over: rows told apart at `end_index` all get the same, however the
        recording is cut. None before, after, and without a gyroscope.
        """
        state = self._state
        if state.has_given_bias or index < self.end_index:
            return None
        state.has_given_bias = True
        return self._gyr_bias_rad_s()

    def _gyr_bias_rad_s(self) -> NDArray[np.float64] | None:
        # The mean: over a held posture it is the bias but for what the wearer has turned from begin to end.
        still = [gyr for parts in self._state.gyr.values() for gyr in parts]
        return np.vstack(still).mean(axis=0) if still else None

    def push(self, frame: PostureFrame) -> None:
        """Take in the frame's rows that fall into a section."""
        time = frame.segment.time
        for section in self._sections:
            settle = 0.0 if section.name is SectionName.FORWARD_BEND else SETTLE_S
            start, stop = np.searchsorted(time, [section.start + settle, section.end - settle])
            if stop > start:
                self._state.up[section].append(frame.up[start:stop])
                if settle:
                    self._state.acc[section].append(frame.segment.acc[start:stop])
                if settle and frame.segment.gyr is not None:
                    self._state.gyr[section].append(frame.segment.gyr[start:stop])

    def take_offset(self, acc_offset_ms2: NDArray[np.float64]) -> None:
        """Take off what the accelerometer has since been found to be off by, shape (3,)."""
        self._state.acc_offset_ms2 = acc_offset_ms2
        for parts in self._state.up.values():
            parts[:] = [up_without_offset(up, acc_offset_ms2) for up in parts]
        for parts in self._state.acc.values():
            parts[:] = [acc - acc_offset_ms2 for acc in parts]

    def result(self) -> Calibration:
        """Return the calibration.

        Raises
        ------
        CalibrationError
            The recording does not cover a section, the wearer moved where a posture was to be held, or hardly bowed.

        """
        upright = self._held(SectionName.UPRIGHT_STAND)
        if upright is None:
            raise CalibrationError("the calibration has no section upright_stand: add it and try again")
        forward = self._forward(upright)
        known = Calibration(
            CalibrationSource.GUIDED,
            upright,
            forward=forward,
            acc_offset_ms2=self._state.acc_offset_ms2,
            gyr_bias_rad_s=self._gyr_bias_rad_s(),
            shown=tuple(
                ShownActivity(section.start, section.end + SITS_ON_S, (Activity.SITTING,))
                for section in self._sections
                if section.name in SITTING
            ),
        )
        return _with_sitting(known, self._held(SectionName.UPRIGHT_SIT), self._held(SectionName.SLOUCHED_SIT))

    def _rows(self, name: SectionName) -> NDArray[np.float64]:
        """Return up in all sections of this name, shape (n, 3)."""
        rows = _of_sections(self._state.up, name)
        sections = [section for section in self._sections if section.name is name]
        if sum(len(up) for up in rows) < MINIMUM_HOLD_S * GRID_HZ:
            where = f"{sections[0].start:.1f} to {sections[0].end:.1f} s"
            raise CalibrationError(
                f"the recording holds no samples of the calibration section {name} ({where}): check its times"
            )
        return np.vstack(rows)

    def _held(self, name: SectionName) -> NDArray[np.float64] | None:
        """Return up in a held posture, shape (3,); None where it was not part of the calibration.

        Of who is still the specific force alone shows it. The orientation leans by up to 6 deg with a gyroscope's bias
        of 3 deg/s, which is known only when all is over.
        """
        if not any(section.name is name for section in self._sections):
            return None
        rows = self._rows(name)
        middle = unit(np.median(rows, axis=0))
        spread_deg = float(np.degrees(np.percentile(angle_between(rows, middle), 90)))
        if spread_deg > STEADY_DEG:
            raise CalibrationError(
                f"you moved by {spread_deg:.0f} deg while {INSTRUCTIONS[name]}: hold still there and calibrate again"
            )
        return unit(np.vstack(_of_sections(self._state.acc, name)).mean(axis=0))

    def _forward(self, upright: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = self._rows(SectionName.FORWARD_BEND)
        bow_deg = float(np.degrees(np.percentile(angle_between(rows, upright), 95)))
        if bow_deg < MINIMUM_BOW_DEG:
            raise CalibrationError(
                f"the forward bend shows only {bow_deg:.0f} deg: bow forward by at least {MINIMUM_BOW_DEG:.0f} deg "
                "and calibrate again"
            )
        across = rows - np.einsum("ni,i->n", rows, upright)[:, np.newaxis] * upright
        # The principal axis of the swing; bowing forward, up swings towards the back.
        _, axes = np.linalg.eigh(across.T @ across)
        swing = axes[:, -1]
        return np.asarray(-swing if across.mean(axis=0) @ swing > 0 else swing)


def _nothing(sections: Sequence[CalibrationSection]) -> dict[CalibrationSection, list[NDArray[np.float64]]]:
    return {section: [] for section in sections}


def _of_sections(
    seen: dict[CalibrationSection, list[NDArray[np.float64]]], name: SectionName
) -> list[NDArray[np.float64]]:
    return [rows for section, parts in seen.items() if section.name is name for rows in parts]


def _with_sitting(
    known: Calibration, upright_sit: NDArray[np.float64] | None, slouched_sit: NDArray[np.float64] | None
) -> Calibration:
    """Return the calibration with the sitting range, where both postures were shown."""
    if upright_sit is None or slouched_sit is None:
        return known
    matrix: Any = known.sensor_to_body
    upright_deg, slouched_deg = np.degrees(flexion(np.stack([upright_sit, slouched_sit]) @ matrix.T)).tolist()
    sitting = SittingRange(upright_deg, slouched_deg)
    if sitting.range_deg < MINIMUM_SITTING_RANGE_DEG:
        raise CalibrationError(
            f"sitting upright and sitting slouched differ by only {sitting.range_deg:.1f} deg: let yourself sink into "
            "the chair for the slouch and calibrate again"
        )
    return replace(known, sitting=sitting)
