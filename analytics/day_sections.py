"""The sections of the daily summary, each from the findings and the day's time.

What has a length is cut at the edges of the day; what is counted belongs to the day on which it begins. So days, and
any other pieces of time, add up.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from analytics.exercises.form_day import exercises_of_day
from analytics.exercises.records import ExerciseSet
from analytics.findings import CalibrationInUse, Findings, SittingKnown, without_overlap
from analytics.local_day import local_time
from analytics.posture_tally import RANGE_EDGES_PERCENT, PostureTally
from analytics.sit_to_stand import FiveRises
from analytics.spans import Span, SpanSet
from analytics.summary_model import (
    Activities,
    AlertCount,
    Alerts,
    Bends,
    Break,
    CalibrationUsed,
    Exercises,
    Gaps,
    InclinationBand,
    JudgedBy,
    Postures,
    RangeBin,
    Sitting,
    Slouch,
    Walking,
    Wear,
)
from analytics.summary_transitions import FiveRisesOfDay, Transitions
from analytics.walking import WalkingBout
from config.errors import SettingsError
from posture.events import (
    Activity,
    ActivityEpisode,
    Alert,
    AlertKind,
    AlertResolved,
    Bend,
    PostureEpisode,
    PostureState,
    SittingBout,
    Transition,
    TransitionKind,
)
from posture.sitting_ways import SittingSource, needed_s
from posture.slouch import BRIDGED_HOLE_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from config.exercise_plan import Plan
    from config.settings import Settings

__all__ = ["DaySections"]

MINUTE_S = 60.0
RANGE_KNOWN = (SittingSource.SHOWN, SittingSource.LEARNT)

SLOUCH_SCALE = (PostureState.UPRIGHT, PostureState.SLOUCHED)
"""The states whose angle is along the wearer's slouch direction."""


class DaySections:
    """Computes the sections of one day.

    Parameters
    ----------
    findings
        Everything found, also before and after the day.
    span
        The day's time.
    settings
        Recovery from slouching, what counts as brisk walking, and the bands of inclination.

    Attributes
    ----------
    worn
        When the sensor was worn and gave samples.
    activity_s
        Seconds of each activity; worn time of which nothing is said is unknown.

    """

    def __init__(self, findings: Findings, span: Span, settings: Settings) -> None:
        self.findings = findings
        self.span = span
        self.settings = settings
        self.worn = SpanSet(findings.wear).without(SpanSet(findings.gaps)).within(span)
        self.activities = without_overlap(findings.of(ActivityEpisode))
        self.postures = without_overlap(findings.of(PostureEpisode))
        self.tallies = [tally for tally in findings.of(PostureTally) if span.holds(tally.start)]
        self.activity_s = self._activity_s()

    def wear(self) -> Wear:
        """Return how much of the day the summary speaks of."""
        spans = self.worn.spans
        worn_s = min(self.worn.duration_s, self.span.duration_s)
        coverage = min(worn_s / (spans[-1].end - spans[0].start), 1.0) if spans else None
        gaps = SpanSet(self.findings.gaps)
        today = gaps.within(self.span)
        return Wear(
            wear_s=worn_s,
            wear_ratio=worn_s / self.span.duration_s if worn_s > 0 else 0.0,
            coverage=coverage,
            gaps=Gaps(
                count_n=sum(self.span.holds(gap.start) for gap in gaps.spans),
                total_s=today.duration_s,
                longest_s=max((gap.duration_s for gap in today.spans), default=0.0),
            ),
        )

    def activity(self) -> Activities:
        """Return the minutes of each activity."""
        if not self.worn.spans:
            return Activities(**dict.fromkeys(Activities.model_fields))
        return Activities(**{f"{kind}_min": kind_s / MINUTE_S for kind, kind_s in self.activity_s.items()})

    def sitting(self, zone: ZoneInfo) -> Sitting:
        """Return the sitting bouts and breaks."""
        if not self._is_classified():
            return Sitting(**dict.fromkeys(Sitting.model_fields))
        bouts = sorted(self.findings.of(SittingBout), key=lambda bout: bout.start)
        today_s = [
            bout.sitting_s * self.span.overlap_s(bout.start, bout.end) / (bout.end - bout.start) for bout in bouts
        ]
        breaks = [bout for bout in bouts if bout.ended_by_break and self.span.holds(bout.end)]
        return Sitting(
            bouts_n=sum(self.span.holds(bout.start) for bout in bouts),
            longest_bout_min=max(today_s, default=0.0) / MINUTE_S,
            breaks_n=len(breaks),
            breaks=tuple(
                Break(time=local_time(bout.end, zone), after_sitting_min=bout.sitting_s / MINUTE_S) for bout in breaks
            ),
        )

    def posture(self) -> Postures:
        """Return how the wearer sat."""
        if not self._is_slouch_known():
            return Postures(**dict.fromkeys(Postures.model_fields))
        seconds = dict.fromkeys(PostureState, 0.0)
        angle_s, angle_deg_s = 0.0, 0.0
        for episode in self.postures:
            today_s = self.worn.overlap_s(episode.start, episode.end)
            seconds[episode.state] += today_s
            if episode.state in SLOUCH_SCALE:
                angle_s += today_s
                angle_deg_s += today_s * episode.angle_deg
        minutes = {f"{state}_min": state_s / MINUTE_S for state, state_s in seconds.items()}
        return Postures(
            judged_min=sum(minutes.values()), mean_slouch_deg=angle_deg_s / angle_s if angle_s > 0 else None, **minutes
        )

    def slouch(self) -> Slouch:
        """Return the slouching while sitting."""
        posture = self.posture()
        is_judged = posture.slouched_min is not None and posture.judged_min is not None
        judged_by = self._judged_by(is_judged=is_judged)
        if posture.slouched_min is None or posture.judged_min is None:
            return Slouch(**dict.fromkeys(Slouch.model_fields) | {"judged_by": judged_by})
        episodes = [episode for episode in self.postures if episode.state is PostureState.SLOUCHED]
        dose_deg_s = sum(episode.angle_deg * self.worn.overlap_s(episode.start, episode.end) for episode in episodes)
        share = min(posture.slouched_min / posture.judged_min, 1.0) if posture.judged_min > 0 else None
        return Slouch(
            slouched_min=posture.slouched_min,
            episodes_n=self._begun_n(episodes),
            share_of_sitting=share,
            dose_deg_min=dose_deg_s / MINUTE_S,
            peak_dose_s=self._peak_dose_s(episodes),
            histogram=self._histogram(),
            judged_by=judged_by,
        )

    def bends(self) -> Bends:
        """Return time by trunk inclination, and the deep bends.

        Raises
        ------
        SettingsError
            The findings are of other bands than the settings now have.

        """
        bands_deg = self.settings.bend.bands_deg
        if any(tally.bands_deg != bands_deg for tally in self.tallies):
            raise SettingsError("setting bend.bands_deg has changed since this day was analysed: analyse it again")
        minutes = _minutes(tally.inclination_s for tally in self.tallies)
        if sum(minutes) == 0:
            return Bends(**dict.fromkeys(Bends.model_fields))
        deep = self.findings.of(Bend)
        today = [bend for bend in deep if self.span.holds(bend.start)]
        return Bends(
            bands=tuple(
                InclinationBand(from_deg=low, to_deg=high, duration_min=band_min)
                for low, high, band_min in zip((0.0, *bands_deg), (*bands_deg, None), minutes, strict=True)
            ),
            deep_bends_n=len(today),
            deep_bend_min=sum(self.span.overlap_s(bend.start, bend.end) for bend in deep) / MINUTE_S,
            deepest_deg=max((bend.peak_deg for bend in today), default=None),
        )

    def walking(self) -> Walking:
        """Return steps and walking bouts."""
        if not self._is_classified():
            return Walking(**dict.fromkeys(Walking.model_fields))
        bouts = self.findings.of(WalkingBout)
        timed = [(bout.cadence_spm, self.span.overlap_s(bout.start, bout.end)) for bout in bouts]
        return Walking(
            steps_n=sum(self.span.holds(time) for time in self.findings.step_times),
            cadence_spm=_weighted_median(timed),
            bouts_n=sum(self.span.holds(bout.start) for bout in bouts),
            bout_min=sum(bout_s for _, bout_s in timed) / MINUTE_S,
            brisk_min=sum(bout_s for spm, bout_s in timed if spm >= self.settings.walking.brisk_spm) / MINUTE_S,
        )

    def exercise(self, zone: ZoneInfo, plan: Plan | None) -> Exercises:
        """Return the sets done, against those of the plan if there is one."""
        sets = self.findings.of(ExerciseSet)
        if self._is_classified() or any(self.span.holds(one.start) for one in sets):
            return exercises_of_day(sets, self.span, zone, plan)
        return Exercises(**dict.fromkeys(Exercises.model_fields))

    def alerts(self) -> Alerts:
        """Return the alerts raised, and those of them that were heeded."""
        if not self.worn.spans:
            return Alerts(**dict.fromkeys(Alerts.model_fields))
        given = Counter(alert.kind for alert in self.findings.of(Alert) if self.span.holds(alert.time))
        heeded = Counter(
            end.kind for end in self.findings.of(AlertResolved) if end.heeded and self.span.holds(end.raised)
        )
        return Alerts(
            given_n=given.total(),
            heeded_n=heeded.total(),
            by_kind={
                kind: AlertCount(given_n=given[kind], heeded_n=heeded[kind])
                for kind in AlertKind
                if given[kind] or heeded[kind]
            },
        )

    def transitions(self) -> Transitions:
        """Return the changes between postures."""
        if not self._is_classified():
            return Transitions(**dict.fromkeys(Transitions.model_fields))
        counts = Counter(event.kind for event in self.findings.of(Transition) if self.span.holds(event.time))
        return Transitions(**{f"{kind}_n": counts[kind] for kind in TransitionKind})

    def five_rises(self) -> FiveRisesOfDay | None:
        """Return how often and how fast the wearer rose five times in succession."""
        if not self._is_classified():
            return None
        rows = [row for row in self.findings.of(FiveRises) if self.span.holds(row.start)]
        return FiveRisesOfDay(
            rows_n=len(rows),
            best_to_stand_s=min((row.to_stand_s for row in rows), default=None),
            best_to_seat_s=min((row.to_seat_s for row in rows), default=None),
        )

    def calibration(self, zone: ZoneInfo) -> tuple[CalibrationUsed, ...]:
        """Return the calibrations in use while the sensor was worn, in order."""
        uses = sorted(self.findings.of(CalibrationInUse), key=lambda use: use.time)
        ends = [*(use.time for use in uses[1:]), float("inf")]
        return tuple(
            CalibrationUsed(time=local_time(use.time, zone), source=use.source, profile=use.profile)
            for use, end in zip(uses, ends, strict=False)
            if any(span.overlap_s(use.time, end) > 0 for span in self.worn.spans)
        )

    def _activity_s(self) -> dict[Activity, float]:
        seconds = dict.fromkeys(Activity, 0.0)
        for episode in self.activities:
            if episode.activity is not Activity.UNKNOWN:
                seconds[episode.activity] += self.worn.overlap_s(episode.start, episode.end)
        seconds[Activity.UNKNOWN] = max(self.worn.duration_s - sum(seconds.values()), 0.0)
        return seconds

    def _is_classified(self) -> bool:
        """Return whether any activity is known, so that what was not found was not there."""
        return any(kind_s > 0 for kind, kind_s in self.activity_s.items() if kind is not Activity.UNKNOWN)

    def _is_slouch_known(self) -> bool:
        """Return whether sitting was judged, or there was none."""
        if self.activity_s[Activity.SITTING] == 0:
            return self._is_classified()
        return any(self.worn.overlap_s(episode.start, episode.end) > 0 for episode in self.postures)

    def _judged_by(self, *, is_judged: bool) -> JudgedBy | None:
        """Return how it stood last; where sitting was judged, how it stood last when it could be."""
        today = [known for known in self.findings.of(SittingKnown) if self.worn.overlap_s(known.start, known.end) > 0]
        if not today:
            return None
        last = max(today, key=lambda known: (is_judged and known.source in RANGE_KNOWN, known.end))
        needed_min = needed_s(last.source) / MINUTE_S
        return JudgedBy(source=last.source, seen_min=last.seen_s / MINUTE_S, needed_min=needed_min)

    def _begun_n(self, slouches: list[PostureEpisode]) -> int:
        """Return how many slouches begin on the day; one that missing samples cut is still one, as it is one alert."""
        observed = SpanSet((episode.start, episode.end) for episode in self.activities)
        begun = slouches[:1] + [
            slouch
            for before, slouch in pairwise(slouches)
            if slouch.start - before.end > BRIDGED_HOLE_S or observed.overlap_s(before.end, slouch.start) > 0
        ]
        return sum(self.span.holds(slouch.start) for slouch in begun)

    def _peak_dose_s(self, slouches: list[PostureEpisode]) -> float:
        """Return the day's highest dose, which grows and decays as `SlouchTracker` has it."""
        dose_s, peak_s, last_end = 0.0, 0.0, 0.0
        for slouch in slouches:
            dose_s *= 0.5 ** ((slouch.start - last_end) / self.settings.slouch.recovery_half_time_s)
            if self.span.overlap_s(slouch.start, slouch.end) > 0:
                peak_s = max(peak_s, dose_s + min(slouch.end, self.span.end) - slouch.start)
            dose_s, last_end = dose_s + slouch.end - slouch.start, slouch.end
        return peak_s

    def _histogram(self) -> tuple[RangeBin, ...] | None:
        minutes = _minutes(tally.range_s for tally in self.tallies if tally.range_s is not None)
        if not minutes:
            return None
        lows, highs = (None, *RANGE_EDGES_PERCENT), (*RANGE_EDGES_PERCENT, None)
        return tuple(
            RangeBin(from_percent=low, to_percent=high, duration_min=bin_min)
            for low, high, bin_min in zip(lows, highs, minutes, strict=True)
        )


def _minutes(parts: Iterable[tuple[float, ...]]) -> list[float]:
    """Return the sum of the parts, bin by bin, in minutes; empty where there are no parts."""
    return [sum(bin_s) / MINUTE_S for bin_s in zip(*parts, strict=True)]


def _weighted_median(weighted: Sequence[tuple[float, float]]) -> float | None:
    """Return the value at which half of the weight is reached, or None where there is no weight."""
    half = sum(weight for _, weight in weighted) / 2
    reached = 0.0
    for value, weight in sorted(weighted):
        reached += weight
        if reached >= half > 0:
            return value
    return None
