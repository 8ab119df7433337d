"""Shows how much of posture one sensor on the lower back can tell: Lumbar's answers beside those of oracles.

Run as ``python benchmarks/posture_ceiling.py DATA [--sets NAME ...] [--bouts N]``; DATA is the folder of the labelled
data sets. Nothing is fitted for the program; what the oracles know, they know from the labels that judge them.

- naive: each second alone, by its tilt from the wearer's walking (Vaha-Ypya et al. 2018) and by its movement.
- smoothed, live: as told; live with nothing known beforehand but where a guided calibration is labelled.
- live, mounting known: the live answer with what the whole recording tells of the mounting from the first second on, as
  a wearer has it from the second day on. Silent until the first walk: the same, but unknown until the first labelled
  walk has lasted long enough to learn from; what is told beyond that, is told without knowing what is up.
- true upright: Lumbar's decoder, live and with the whole recording known, with the wearer's true directions in walking
  and in leaning back. What it gains is what a better calibration could; the decoder may err as ever.
- own angles: each labelled bout as one, its edges told, by tilt, flexion, movement and gait: the most likely activity
  given all of the wearer's other bouts and how much people of this set truly differ from each other and from themselves
  (random effects, normal). As good as one posture by itself can be told, if people repeat themselves.
- and heights: the best course of these bouts with Lumbar's evidence for rises and falls at their edges, too. Where one
  label follows another directly, it is told that something changed.
- any oracle: right where true upright, own angles, heights or the smoothed answer are. Which, no one can know: a bound.
- best threshold: lying and walking are told, and sitting from standing by that tilt from the wearer's true standing
  which parts their bouts best, chosen in hindsight. No rule with one limit to the tilt of a bout does better, and where
  there are few bouts, chance is on its side.

The bouts of which no oracle gets half are the ceiling; those that even the best threshold does not get are marked. The
bouts that the smoothed answer gets, but not the live one with the mounting known, are told by what came later. An
oracle may be below Lumbar: the first keeps the decoder's errors, the next two see little or nothing of how a posture
was entered, and a normal distribution is a coarse one.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from posture_oracles import (
    LYING,
    SITTING,
    STANDING,
    WALKING,
    Bout,
    Bouts,
    best_course,
    bouts_of,
    by_best_threshold,
    likelihoods,
    people_of,
)

from config.settings import load_settings
from firmware_bridge.recordings.labelled import find_labelled
from firmware_bridge.recordings.read import open_recording
from lumbar.analysis import analyze_recording
from lumbar.validation.case import FOUND, Case, Named, middles
from lumbar.validation.labels import CLASS_LABELS, CLASSES, Labels
from lumbar.validation.posture_score import PostureCounts, confusion, report_posture
from posture.decoder import ActivityDecoder, smooth_activity
from posture.events import Activity
from posture.rotations import angle_between, unit
from posture.timeline import posture_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from posture_oracles import People

    from config.settings import Settings
    from firmware_bridge.recordings.labelled import LabelledRecording
    from lumbar.validation.report import AnswerScores
    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

SETS = ("hapt", "harth", "synthetic_floor", "synthetic_day")
UNKNOWN = FOUND.index(Activity.UNKNOWN)
TRUE = np.array([FOUND.index(activity) for activity in CLASSES])

NAIVE_LYING_DEG, NAIVE_SITTING_DEG, NAIVE_WALKING_MS2 = 64.9, 11.6, 1.0
FIRST_WALK_S = 8
"""So much walking tells what is up (`posture.self_calibration`)."""
HALF = 0.5

KNOWN, SILENT = "live, mounting known", "live, silent until the first walk"
ORACLES = ("true upright", "own angles", "and heights")
ANY, HINDSIGHT = "any oracle", "best threshold"


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A recording: its labelled bouts, and what each answer says of each second, as index into `FOUND`."""

    name: str
    person: str
    bouts: Bouts
    answers: Mapping[str, NDArray[np.int64]]


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--bouts", type=int, default=12, help="how many bouts that no oracle gets are named, a set")
    options = parser.parse_args()
    settings = load_settings()
    for name in options.sets:
        seen = [its for each in find_labelled(options.data / name) if (its := seen_of(each, settings)) is not None]
        people = people_of([its.bouts for its in seen])
        show(name, [with_oracles(its, people) for its in seen], options.bouts)
    return 0


def seen_of(labelled: LabelledRecording, settings: Settings) -> Seen | None:
    """Return a recording with all answers but the oracles' of bouts; None where no activity is labelled."""
    labels = Labels(labelled.labels)
    recording = open_recording(labelled.path)
    analysis = analyze_recording(recording, settings, sections=labels.sections())
    features = analysis.live.features
    if features is None:
        return None
    truth = labels.numbers(middles(features.second), CLASS_LABELS)
    bouts = Bouts(features, bouts_of(features.second, truth))
    if not bouts.every:
        return None
    case = Case(labelled, recording, labels, labels.names, analysis)
    known = analysis.review.calibration
    known_live, true = decoded_live(features, known), truly(known, bouts)
    answers = {
        "naive": naive(features, known),
        "smoothed": case.smoothed_activity(features.second),
        "live": case.live_activity(features.second),
        KNOWN: known_live,
        SILENT: from_first_walk(known_live, bouts),
        "live, true upright": decoded_live(features, true),
        "true upright": decoded_in_review(features, true),
    }
    return Seen(labelled.name, case.person, bouts, answers)


def with_oracles(its: Seen, people: Sequence[People | None]) -> Seen:
    """Return the recording with the answers of the oracles that decide bout by bout, too."""
    likely = likelihoods(its.bouts, people)
    answers = {
        **its.answers,
        "own angles": of_bouts(its.bouts, likely.argmax(axis=1)),
        "and heights": of_bouts(its.bouts, best_course(its.bouts, likely)),
    }
    answers[ANY] = answers["smoothed"].copy()
    for oracle in ORACLES:
        right = (its.bouts.truth >= 0) & (answers[oracle] == TRUE[its.bouts.truth])
        answers[ANY][right] = answers[oracle][right]
    answers[HINDSIGHT] = of_bouts(its.bouts, by_best_threshold(its.bouts))
    return replace(its, answers=answers)


def of_bouts(bouts: Bouts, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the answer for each second, given that for each bout."""
    answer = np.full(len(bouts.features), UNKNOWN)
    for bout, number in zip(bouts.every, numbers.tolist(), strict=True):
        answer[bout.start : bout.stop] = TRUE[number]
    return answer


def naive(features: SecondFeatures, known: Calibration) -> NDArray[np.int64]:
    """Return what each second alone says."""
    if known.upright is None:
        return np.full(len(features), UNKNOWN)
    tilt_deg = np.degrees(angle_between(features.up, known.upright))
    still = np.where(tilt_deg > NAIVE_SITTING_DEG, SITTING, STANDING)
    upright = np.where(features.movement > NAIVE_WALKING_MS2, WALKING, still)
    return np.asarray(TRUE[np.where(tilt_deg > NAIVE_LYING_DEG, LYING, upright)])


def decoded_live(features: SecondFeatures, known: Calibration) -> NDArray[np.int64]:
    """Return the live answer, were all that was learnt of the mounting known from the first second on."""
    if known.upright is None:
        return np.full(len(features), UNKNOWN)
    decoder = ActivityDecoder(known)
    state = np.concatenate([block.state for block in (*decoder.push(features), *decoder.flush())])
    return as_found(features, state, known)


def from_first_walk(answer: NDArray[np.int64], bouts: Bouts) -> NDArray[np.int64]:
    """Return an answer, but unknown until the first long walk has lasted long enough."""
    walks = [bout for bout in bouts.every if bout.number == WALKING and bout.length_s >= FIRST_WALK_S]
    known_from = walks[0].start + FIRST_WALK_S if walks else len(answer)
    return np.where(np.arange(len(answer)) < known_from, UNKNOWN, answer)


def decoded_in_review(features: SecondFeatures, known: Calibration) -> NDArray[np.int64]:
    """Return the reviewed answer for what is known of the mounting."""
    if known.upright is None:
        return np.full(len(features), UNKNOWN)
    return as_found(features, smooth_activity(features, known), known)


def as_found(features: SecondFeatures, state: NDArray[np.int64], known: Calibration) -> NDArray[np.int64]:
    """Return decoded states as indices into `FOUND`."""
    return np.array([FOUND.index(activity) for activity in posture_seconds(features, state, known).activity])


def truly(known: Calibration, bouts: Bouts) -> Calibration:
    """Return the calibration with the true directions, as far as the labels tell them."""
    upright = next((up for number in (WALKING, STANDING) if (up := bouts.up_in(number)) is not None), None)
    if upright is None:
        return known
    seated = bouts.up_in(SITTING)
    forward = known.forward if seated is None else unit(seated - (seated @ upright) * upright)
    return replace(known, upright=upright, forward=forward, walking=None)


def show(name: str, seen: Sequence[Seen], n_bouts: int) -> None:
    """Print the figures of a set as a table, and the bouts that no oracle gets."""
    print(f"\n| {name} | balanced | lying | sitting | standing | walking | sitting v standing | worst person |")
    print("|---|---|---|---|---|---|---|---|")
    scores = {answer: scored(seen, answer) for answer in seen[0].answers}
    for answer, its in scores.items():
        print(line(answer, its))
    best = scores["smoothed"].balanced_accuracy
    below = [answer for answer in (*ORACLES, HINDSIGHT) if scores[answer].balanced_accuracy <= best]
    print(f"\nNot above the smoothed answer: {', '.join(below) or 'no oracle'}.")
    show_first_day(seen)
    bouts = [(its, bout) for its in seen for bout in its.bouts.every]
    show_bouts("Not told by any oracle", [each for each in bouts if not gets(*each, ANY)], n_bouts)
    later = [each for each in bouts if gets(*each, "smoothed") and not gets(*each, KNOWN)]
    show_bouts("Told in review only", later, n_bouts)


def show_first_day(seen: Sequence[Seen]) -> None:
    """Print what is told live before the first long walk, when nothing is known of the mounting."""
    counts = Counter[str]()
    for its in seen:
        before = (its.bouts.truth >= 0) & (its.answers[SILENT] == UNKNOWN)
        told, truth = its.answers["live"][before], TRUE[its.bouts.truth[before]]
        counts.update(right=int((told == truth).sum()), unknown=int((told == UNKNOWN).sum()), before=len(told))
    wrong = counts["before"] - counts["right"] - counts["unknown"]
    all_s = sum(int(its.bouts.lengths_s.sum()) for its in seen)
    print(
        f"Before the first long walk: {counts['before']} of {all_s} s; live {counts['right']} s right, "
        f"{wrong} s wrong, {counts['unknown']} s unknown."
    )


def show_bouts(title: str, chosen: Sequence[tuple[Seen, Bout]], n_bouts: int) -> None:
    """Print whose some bouts are, and the longest of them."""
    by_person = Counter[str]()
    for its, bout in chosen:
        by_person[its.person.rpartition("/")[2]] += bout.length_s
    people = ", ".join(f"{person} {seconds} s" for person, seconds in by_person.most_common())
    print(f"\n{title}: {len(chosen)} bouts, {by_person.total()} s ({people or 'nobody'}).\n")
    for its, bout in sorted(chosen, key=lambda each: -each[1].length_s)[:n_bouts]:
        print(f"- {described(its, bout)}")


def scored(seen: Sequence[Seen], answer: str) -> AnswerScores:
    """Return the figures of one answer, as `lumbar validate` has them."""
    named = []
    for its in seen:
        judged = its.bouts.truth >= 0
        confused = confusion(its.bouts.truth[judged], its.answers[answer][judged])
        named.append(Named(its.person, its.name, PostureCounts(confused, confused)))
    report = report_posture(named)
    if report is None:
        raise ValueError("nothing is labelled")
    return report.live


def line(answer: str, scores: AnswerScores) -> str:
    """Return one row of the table."""
    each = [f"{scores.recall[activity]:.3f}" if activity in scores.recall else "-" for activity in CLASSES]
    apart = "-" if scores.sitting_v_standing is None else f"{scores.sitting_v_standing:.3f}"
    worst = f"{scores.worst.person.rpartition('/')[2]} {scores.worst.balanced_accuracy:.2f}"
    return f"| {' | '.join([answer, f'{scores.balanced_accuracy:.3f}', *each, apart, worst])} |"


def gets(its: Seen, bout: Bout, answer: str) -> bool:
    """Return whether an answer is right in half of a bout."""
    found = its.answers[answer][bout.start : bout.stop]
    return bool((found == TRUE[bout.number]).mean() >= HALF)


def described(its: Seen, bout: Bout) -> str:
    """Return one bout in words: where, what, how tilted against the wearer's others, and what is said of it."""
    bouts = its.bouts
    is_other = np.array([each != bout for each in bouts.every])
    others = [
        f"{CLASSES[number].value} {of_it.min():.0f} to {of_it.max():.0f}"
        for number in (SITTING, STANDING)
        if (of_it := bouts.tilts_deg[is_other & (bouts.numbers == number)]).size
    ]
    said = [
        f"{answer} {mostly(its.answers[answer][bout.start : bout.stop])}" for answer in ("smoothed", KNOWN, *ORACLES)
    ]
    first_s = int(bouts.features.second[bout.start])
    where = f"{its.name} {first_s} to {first_s + bout.length_s} s"
    own = f"tilt {bouts.tilts_deg[bouts.every.index(bout)]:.0f} deg, the wearer's other bouts {', '.join(others)}"
    mark = "" if gets(its, bout, HINDSIGHT) else "; not even by the best threshold"
    return f"{where}, {CLASSES[bout.number].value} ({own}): {', '.join(said)}{mark}"


def mostly(found: NDArray[np.int64]) -> str:
    """Return the answer given for most of the seconds."""
    return FOUND[int(np.bincount(found).argmax())].value


if __name__ == "__main__":
    sys.exit(main())
