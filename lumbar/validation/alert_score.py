"""Alerts for which the labels show no reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.recordings.labelled import SET
from lumbar.validation.case import middles
from lumbar.validation.labels import CLASS_LABELS, CLASSES, is_activity, is_within
from lumbar.validation.report import AlertScores
from posture.decoder import DECODER_DELAY_S
from posture.events import Activity, Alert, AlertKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumbar.validation.case import Case, Named
    from lumbar.validation.labels import Labels

__all__ = ["AlertCounts", "count_alerts", "report_alerts"]

NEEDS_SITTING = (AlertKind.SLOUCH, AlertKind.PROLONGED_SLOUCH, AlertKind.SITTING, AlertKind.PROLONGED_SITTING)
NOT_SITTING_LABELS = frozenset(name for name, number in CLASS_LABELS.items() if CLASSES[number] is not Activity.SITTING)
SLIP, NOT_WORN = "event:strap_slip", "not_worn"
LARGE_SLIP_DEG = 15.0


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """Alerts of one recording: false ones by kind and by label, and strap alerts against labelled slips."""

    not_sitting_s: int
    false: Counter[AlertKind]
    false_during: Counter[str]
    strap_moved: int
    strap_slips: int | None


def count_alerts(case: Case) -> AlertCounts | None:
    """Return the false alerts of a recording; None where its set labels no activity.

    An alert speaks of the second it was judged by, which is the decoder's delay before it.
    """
    if not any(_rules_out_sitting(name) for name in case.set_labels) or not len(case.labels):
        return None
    not_sitting = case.labels.where(_rules_out_sitting)
    worn = case.labels.where(lambda name: is_activity(name) and name != NOT_WORN)
    false: Counter[AlertKind] = Counter()
    false_during: Counter[str] = Counter()
    alerts = [event for event in case.analysis.events if isinstance(event, Alert)]
    for alert in alerts:
        wrong_while = not_sitting if alert.kind in NEEDS_SITTING else worn
        judged = alert.time - DECODER_DELAY_S - 0.5
        if alert.kind is not AlertKind.STRAP_MOVED and is_within(np.array([judged]), wrong_while).any():
            false[alert.kind] += 1
            false_during[" + ".join(case.labels.at(judged))] += 1
    return AlertCounts(
        not_sitting_s=int(is_within(middles(case.covered_seconds()), not_sitting).sum()),
        false=false,
        false_during=false_during,
        strap_moved=sum(alert.kind is AlertKind.STRAP_MOVED for alert in alerts),
        strap_slips=_large_slips(case.labels) if SLIP in case.set_labels else None,
    )


def _rules_out_sitting(name: str) -> bool:
    return name in NOT_SITTING_LABELS or name.startswith(SET)


def _large_slips(labels: Labels) -> int:
    return sum(abs(float(value)) >= LARGE_SLIP_DEG for _, _, value in labels.named(SLIP) if value)


def report_alerts(scores: Sequence[Named[AlertCounts]]) -> AlertScores | None:
    """Return the false alerts of several recordings together."""
    if not scores:
        return None
    false = sum((each.score.false for each in scores), start=Counter[AlertKind]())
    false_during = sum((each.score.false_during for each in scores), start=Counter[str]())
    slips = [each.score.strap_slips for each in scores if each.score.strap_slips is not None]
    return AlertScores(
        not_sitting_h=sum(each.score.not_sitting_s for each in scores) / 3600,
        false_n={kind: false[kind] for kind in (*NEEDS_SITTING, AlertKind.NOT_WORN)},
        false_during=dict(false_during.most_common()),
        strap_moved_n=sum(each.score.strap_moved for each in scores),
        strap_slips_n=sum(slips) if slips else None,
    )
