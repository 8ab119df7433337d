"""The one place that composes the stages: samples in, what was noticed out, live and for a whole recording."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.exercises.records import CountedRepetition, ExerciseSet
from analytics.known_steps import KnownSteps
from analytics.steps import Step, StepDetector
from analytics.walking import WalkingBouts
from lumbar.noticed import calibration_in_use, noticed_at
from lumbar.trackers import Noticed, Now, PostureTrackers
from posture.accelerometer_offset import learn_offset
from posture.calibration import Calibration, Mounting
from posture.coverage import Coverage
from posture.decoder import DECODER_DELAY_S, ActivityDecoder, DecodedSeconds
from posture.events import Alert, AlertResolved
from posture.frame import GRID_HZ
from posture.guided_calibration import GuidedCalibration
from posture.mounting_search import MountingSearch
from posture.orientation import OrientationFilter
from posture.resample import Resampler, cells_per_row
from posture.seconds import SecondFeatures, SecondSummarizer, join_seconds
from posture.seconds_log import SecondsLog
from posture.self_calibration import SelfCalibration
from posture.strap import StrapTracker
from posture.timeline import PostureSeconds, posture_seconds
from posture.wear import WearTracker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from analytics.exercises.records import Holding
    from config.calibration import CalibrationSection
    from config.settings import Settings
    from firmware_bridge.imu import ImuChunk
    from lumbar.exercises_sought import ExercisesSought
    from posture.frame import FineSegment, PostureFrame
    from posture.strap import StrapMove

__all__ = ["LivePipeline", "Noticed", "Now", "PostureTrackers", "noticed_at"]

STAGES = (
    "coverage",
    "_resampler",
    "_orientation",
    "_summarizer",
    "_steps",
    "_known_steps",
    "_bouts",
    "_exercises",
    "_guided",
    "_learning",
    "_search",
    "_decoder",
    "_trackers",
    "_wear",
    "_strap",
)


class LivePipeline:
    """Everything from samples to alerts, with the delay of the live answer.

    Fed with a recording it does the same as live, whatever the chunks; only how many events come out at once differs.

    Parameters
    ----------
    settings
        Thresholds.
    rate_hz
        The sensor's nominal rate.
    calibration
        The wearer's, from a profile. None: guided where `sections` say when, else learnt while going.
    sections
        When the guided calibration is done, on the clock of the samples.
    acc_offset_ms2
        Shape (3,): the accelerometer's zero offset, where there is no calibration that tells it. None: learnt with the
        calibration, and taken off from then on.
    exercises
        Which exercises are looked for.

    Attributes
    ----------
    calibration
        What is known of the wearer now.
    coverage
        What samples there have been.
    latest
        The last seconds decided by the latest push; None where it decided none.

    """

    def __init__(
        self,
        settings: Settings,
        rate_hz: float,
        calibration: Calibration | None = None,
        sections: Sequence[CalibrationSection] = (),
        acc_offset_ms2: NDArray[np.float64] | None = None,
        exercises: ExercisesSought | None = None,
    ) -> None:
        if calibration is not None:
            acc_offset_ms2 = calibration.acc_offset_ms2
        per_row = cells_per_row(rate_hz)
        self.coverage = Coverage(rate_hz)
        self.latest: Now | None = None
        self._resampler = Resampler(per_row)
        gyr_bias_rad_s = None if calibration is None else calibration.gyr_bias_rad_s
        self._orientation = OrientationFilter(per_row, acc_offset_ms2, gyr_bias_rad_s)
        self._summarizer = SecondSummarizer()
        self._steps = StepDetector()
        self._known_steps = KnownSteps()
        self._bouts = WalkingBouts()
        self._exercises = None if exercises is None else exercises.finder()
        self._learns_offset = calibration is None and acc_offset_ms2 is None
        self._offset_due: int | None = None
        self._guided = GuidedCalibration(sections, acc_offset_ms2) if sections and calibration is None else None
        self._learning = SelfCalibration(acc_offset_ms2, calibration)
        self.calibration = self._learning.calibration
        self._search = MountingSearch()
        self._decoder = ActivityDecoder(self.calibration)
        self._trackers = PostureTrackers(settings, DECODER_DELAY_S)
        self._wear = WearTracker()
        self._strap = StrapTracker(self.calibration)
        self._seconds = SecondsLog()
        self._step_times: list[float] = []
        self._sets: list[ExerciseSet] = []
        self._mountings = [Mounting(0, self.calibration)]
        if self._guided is None:
            self._take_mounting(0.0)

    @property
    def state(self) -> dict[str, Any]:
        """A copy of all that the pipeline remembers; set it to go on in one that was built with the same arguments."""
        stages = {name: getattr(self, name) for name in STAGES}
        states = {name: None if stage is None else stage.state for name, stage in stages.items()}
        rest = {"seconds": self.features, "step_times": self.step_times}
        return states | rest | {"mountings": self.mountings, "sets": self.sets}

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        if state["_guided"] is None:
            self._guided = None  # it is over
        stages = {name: getattr(self, name) for name in STAGES}
        if any((stages[name] is None) != (state[name] is None) for name in ("_exercises", "_guided")):
            raise ValueError("the state is that of a pipeline that was built with other arguments")
        for name, stage in stages.items():
            if stage is not None:
                stage.state = state[name]
        self.calibration = self._learning.calibration
        self._seconds = SecondsLog(state["seconds"])
        self._step_times = list(state["step_times"])
        self._mountings = list(state["mountings"])
        self._sets = list(state["sets"])
        self.latest = None

    @property
    def features(self) -> SecondFeatures | None:
        """Return all seconds so far, to be reviewed at the end of the day; None before the first."""
        return self._seconds.joined() if len(self._seconds) else None

    @property
    def mountings(self) -> tuple[Mounting, ...]:
        """Return how the sensor has sat, each from the walking that showed it on; what was learnt of it may be more."""
        return tuple(self._mountings)

    @property
    def step_times(self) -> tuple[float, ...]:
        """Return the times of all steps so far, seconds since the Unix epoch."""
        return tuple(self._step_times)

    @property
    def sets(self) -> tuple[ExerciseSet, ...]:
        """Return the exercise sets so far that are over."""
        return tuple(self._sets)

    @property
    def holding(self) -> Holding | None:
        """What is held with the last sample, of an exercise that the wearer has named; None where nothing is."""
        return None if self._exercises is None else self._exercises.holding

    def push(self, *chunks: ImuChunk) -> list[Noticed]:
        """Return what the samples let one notice, in order of time.

        Several chunks at once say the same as one after another, in less time.

        Raises
        ------
        CalibrationError
            The guided calibration just ended and did not show what it should.

        """
        self.latest = None
        noticed: list[Noticed] = []
        seconds: list[SecondFeatures] = []
        frames: list[PostureFrame] = []
        for chunk in chunks:
            self.coverage.push(chunk)
            for part in self._parts(chunk, seconds):
                for frame in self._oriented(part):
                    noticed += self._walk(self._steps.push(frame), self._steps.settled_time)
                    if len(complete := self._summarizer.push(frame)):
                        seconds.append(self._known_steps.added_to(complete))
                    if self._exercises is not None:
                        frames.append(frame)
                if part.stop_index == self._offset_due:
                    noticed += self._take(join_seconds(seconds))
                    seconds.clear()
        if seconds:
            noticed += self._take(join_seconds(seconds))
        noticed += self._exercise(frames)
        if self.latest is not None:
            self.latest = replace(self.latest, holding=self.holding)
        return sorted(noticed, key=noticed_at)

    def flush(self) -> list[Noticed]:
        """Return what is still open at the end.

        Raises
        ------
        CalibrationError
            The recording ended within the guided calibration.

        """
        noticed: list[Noticed] = []
        if self._guided is not None:
            noticed += self._shown(self._guided.result())
            self._guided = None
        if self.calibration.upright is None:
            noticed += self._all_tracked(self._search.flush())
        else:
            noticed += self._decided(self._decoder.flush())
        noticed += self._trackers.flush()
        noticed += [*self._walk(self._steps.flush(), np.inf), *self._bouts.flush()]
        noticed += self._keep_sets(self._exercises.flush()) if self._exercises is not None else []
        return sorted((event for event in noticed if self._came_true(event)), key=noticed_at)

    def _came_true(self, event: Noticed) -> bool:
        """Return False for an alert that was due only after the samples ended: nobody was told."""
        end = self.coverage.end or 0.0
        if isinstance(event, Alert):
            return event.time <= end
        return not isinstance(event, AlertResolved) or event.raised <= end

    def _parts(self, chunk: ImuChunk, pending: list[SecondFeatures]) -> Iterator[FineSegment]:
        """Yield the samples in parts: where one ends at `_offset_due`, first take the seconds `pending` up to there."""
        for segment in self._resampler.push(chunk):
            rest = [segment]
            while rest:
                self._offset_due = self._next_offset_index(rest[0], sum(len(each) for each in pending))
                part, *rest = rest if self._offset_due is None else rest[0].cut_at(self._offset_due)
                yield part

    def _next_offset_index(self, segment: FineSegment, n_pending: int) -> int | None:
        """Return the grid index from which on another offset may have to be taken off the accelerometer."""
        if self._learns_offset and self._guided is not None:
            return max(self._summarizer.end_of_second(1, segment), (ceil(self._guided.end) + 1) * GRID_HZ)
        if self._learns_offset:
            return self._summarizer.end_of_second(self._learning.next_offset_cut(self._seconds) - n_pending, segment)
        return None

    def _oriented(self, segment: FineSegment) -> list[PostureFrame]:
        """Return the segment with its orientation; after the guided calibration the gyroscope's bias is known."""
        if self._guided is None:
            return [self._orientation.push(segment)]
        frames: list[PostureFrame] = []
        for part in segment.cut_at(self._guided.end_index):
            bias = self._guided.bias_from(part.start_index)
            if bias is not None:
                self._orientation.take_bias(bias)
            frames.append(self._orientation.push(part))
            self._guided.push(frames[-1])
        return frames

    def _walk(self, steps: list[Step], settled_time: float) -> list[Noticed]:
        self._known_steps.push(steps)
        self._step_times += [step.time for step in steps]
        return [*steps, *self._bouts.push(steps, settled_time)]

    def _exercise(self, frames: list[PostureFrame]) -> list[Noticed]:
        """Count, once it is known which calibration holds in the frames."""
        if self._exercises is None:
            return []
        return self._keep_sets([record for frame in frames for record in self._exercises.push(frame)])

    def _keep_sets(self, records: list[CountedRepetition | ExerciseSet]) -> list[Noticed]:
        self._sets += [record for record in records if isinstance(record, ExerciseSet)]
        return [*records]

    def seek(self, exercises: ExercisesSought | None) -> list[Noticed]:
        """Look for other exercises from now on; return what is still open of those before."""
        noticed = self._keep_sets(self._exercises.flush()) if self._exercises is not None else []
        self._exercises = None if exercises is None else exercises.finder()
        if self._guided is None:
            self._take_mounting(0.0)
        return noticed

    def _take_mounting(self, time: float) -> None:
        if self._exercises is not None:
            self._exercises.calibrate(time, self.calibration.sensor_to_body, shown=self.calibration.is_shown)

    def _take(self, features: SecondFeatures) -> list[Noticed]:
        """Go over the seconds in pieces within which the calibration does not change."""
        noticed: list[Noticed] = []
        start = 0
        while start < len(features):
            stop = start + self._until_next_calibration(features.rows(start, len(features)))
            news = self._strap.push(features.rows(start, stop))
            piece = features.rows(start, start + news.n_taken)
            self._seconds.append(piece)
            noticed += [*news.events, *self._follow(piece)]
            if news.move is not None:
                noticed += self._moved(news.move)
            noticed += self._recalibrate(piece)
            start += news.n_taken
        return noticed

    def _until_next_calibration(self, features: SecondFeatures) -> int:
        if self._guided is not None:
            before_end = int(np.searchsorted(features.second, np.ceil(self._guided.end)))
            return min(before_end + 1, len(features))
        return min(self._learning.next_cut(self._seconds), len(features))

    def _recalibrate(self, piece: SecondFeatures) -> list[Noticed]:
        if self._guided is not None and piece.second[-1] >= self._guided.end:
            guided, self._guided = self._guided, None
            offset = learn_offset(self._seconds.joined(), None) if self._learns_offset else None
            if offset is not None:
                guided.take_offset(offset)
            return self._shown(guided.result())
        if self._guided is None:
            self._learning.push(self._seconds)
        return self._calibrated(self._learning.calibration)

    def _shown(self, calibration: Calibration) -> list[Noticed]:
        self._learning.show(calibration, len(self._seconds))
        return self._calibrated(calibration)

    def _moved(self, move: StrapMove) -> list[Noticed]:
        """Go on with what is known of a sensor that sits otherwise, or again as the wearer had shown."""
        shown = self._strap.shown if move.is_put_right else None
        calibration = shown or self.calibration.moved_to(move.upright)
        self._learning.move(calibration, move.since, self._seconds)
        self._mountings.append(Mounting(move.since, calibration))
        self._trackers.move_strap()
        return self._calibrated(calibration)

    def _calibrated(self, calibration: Calibration) -> list[Noticed]:
        before = self.calibration
        if calibration is before:
            return []
        offset, known = calibration.acc_offset_ms2, before.acc_offset_ms2
        if offset is not None and offset is not known:
            more = offset if known is None else offset - known
            self._orientation.take_offset(offset)
            self._summarizer.take_offset(self._seconds.take_off(more))
            self._strap.take_offset(more)
        self.calibration = self._decoder.calibration = self._strap.calibration = calibration
        self._take_mounting(self._seconds.end)
        if calibration.is_shown:
            self._mountings[-1] = self._mountings[-1]._replace(calibration=calibration)
        if before.sensor_to_body is None:
            self._trackers.look_back(self._learning.of_mounting(self._seconds.joined()), calibration)
        noticed: list[Noticed] = []
        if before.upright is None and calibration.upright is not None:
            # As if the mounting had been known all the time; what has been told stays told.
            decided = self._decoder.push(self._seconds.joined())
            noticed += self._decided([block.after(self._search.told_until) for block in decided])
        elif before.upright is None and offset is not known:
            noticed += self._all_tracked(self._search.begin_again(self._seconds))
        if before.source is calibration.source or self.coverage.end is None:
            return noticed
        return [*noticed, calibration_in_use(calibration, self._seconds.end)]

    def _follow(self, piece: SecondFeatures) -> list[Noticed]:
        noticed: list[Noticed] = [*self._wear.push(piece)]
        if self.calibration.upright is None:
            return noticed + self._all_tracked(self._search.push(piece, self._seconds))
        return noticed + self._decided(self._decoder.push(piece))

    def _decided(self, decoded: list[DecodedSeconds]) -> list[Noticed]:
        return self._all_tracked([posture_seconds(each.features, each.state, self.calibration) for each in decoded])

    def _all_tracked(self, blocks: list[PostureSeconds]) -> list[Noticed]:
        return [event for block in blocks for event in self._tracked(block)]

    def _tracked(self, seconds: PostureSeconds) -> list[Noticed]:
        noticed = self._trackers.push(seconds, self.calibration)
        if self._exercises is not None:
            self._exercises.know_activity(zip(seconds.second.tolist(), seconds.activity, strict=True))
        if len(seconds):
            self.latest = self._trackers.now(seconds)
        return noticed
