"""How soon a change of activity is told live."""

from shutil import rmtree
from types import SimpleNamespace

import pytest

from lumbar.validation.case import Named
from lumbar.validation.change_render import change_rows
from lumbar.validation.change_score import count_changes, report_changes
from posture.decoder import DECODER_DELAY_S
from posture.events import Activity, ActivityEpisode

SIT, STAND, WALK, UNKNOWN = Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.UNKNOWN
AT_ONCE_S = 1 + DECODER_DELAY_S
"""The first second has to end, and then as many pass as the decoder looks ahead."""
LABELS = ((0, 20, "sitting"), (20, 40, "standing"))


@pytest.fixture
def changes(case, tmp_path):
    """Return the changes of labels that were told as episodes (start, end, activity)."""

    def make(told, labels=LABELS, **more):
        events = [ActivityEpisode(float(start), float(end), activity) for start, end, activity in told]
        counted = count_changes(case(labels, events=events, **more))
        rmtree(tmp_path / "data")
        return counted

    return make


def late_s(changes):
    return [change.late_s for change in changes]


def test_an_answer_without_an_error_is_as_late_as_the_decoder_looks_ahead(changes):
    assert late_s(changes([(0, 20, SIT), (20, 40, STAND)])) == [AT_ONCE_S]


def test_seconds_still_told_as_the_activity_before_add_to_it(changes):
    assert late_s(changes([(0, 23, SIT), (23, 40, STAND)])) == [AT_ONCE_S + 3]


def test_what_was_told_3_s_before_the_label_was_told_of_this_change(changes):
    assert late_s(changes([(0, 18, SIT), (18, 40, STAND)])) == [AT_ONCE_S - 2]
    assert late_s(changes([(0, 5, SIT), (5, 40, STAND)])) == [AT_ONCE_S - 3]


def test_the_time_between_two_labels_belongs_to_the_change(changes):
    labels = [(0, 16, "sitting"), (16, 24, "sit_to_stand"), (24, 40, "standing")]
    assert late_s(changes([(0, 18, SIT), (18, 40, STAND)], labels)) == [0.0]
    assert late_s(changes([(0, 22, SIT), (22, 40, STAND)], labels)) == [AT_ONCE_S - 2]


def test_told_then_taken_back_was_told(changes):
    assert late_s(changes([(0, 21, SIT), (21, 22, STAND), (22, 40, SIT)])) == [AT_ONCE_S + 1]


def test_only_told_once_it_is_over_is_never_seen(changes):
    (unseen,) = changes([(0, 36, SIT), (36, 40, STAND)])
    assert (unseen.activity, unseen.late_s, unseen.was_unknown) == (STAND, None, False)


def test_not_known_is_apart_from_wrong(changes):
    (unseen,) = changes([(0, 20, SIT), (20, 40, UNKNOWN)])
    assert (unseen.late_s, unseen.was_unknown) == (None, True)
    (silent,) = changes([(0, 20, SIT)])
    assert silent.was_unknown


def test_who_changes_again_within_10_s_is_not_asked_for(changes):
    labels = [(0, 20, "sitting"), (20, 29, "standing"), (29, 50, "walking")]
    assert [change.activity for change in changes([(0, 50, WALK)], labels)] == [WALK]


def test_the_same_activity_again_is_no_change(changes):
    assert changes([], [(0, 20, "walking"), (20, 25, "stairs_up"), (25, 50, "walking")]) is None


def test_nobody_knows_when_a_change_was_that_took_more_than_10_s(changes):
    assert changes([], [(0, 20, "sitting"), (31, 50, "standing")]) is None
    assert changes([], gap=(10.0, 30.0)) is None


def test_without_labelled_changes_nothing_is_scored(changes):
    assert changes([(0, 60, SIT)], [(0, 60, "sitting")]) is None
    assert changes([], [(0, 60, "stairs_up")]) is None
    assert report_changes([]) is None


def test_the_report_has_the_median_the_slowest_and_the_unseen(changes):
    labels = [(0, 15, "sitting"), (15, 30, "standing"), (30, 45, "walking"), (45, 60, "sitting")]
    found = changes([(0, 15, SIT), (15, 32, STAND), (32, 45, WALK)], labels)
    report = report_changes([Named("desk/p1", "desk/p1-day", found)])
    assert (report.all.changes_n, report.all.unknown_n) == (3, 1)
    assert report.all.unseen_share == pytest.approx(1 / 3)
    assert report.all.median_s == AT_ONCE_S + 1
    assert report.all.late_s == pytest.approx(AT_ONCE_S + 1.9)
    assert (report.by_activity[WALK].median_s, report.by_activity[SIT].median_s) == (AT_ONCE_S + 2, None)
    assert list(report.by_activity) == [SIT, STAND, WALK]


def test_the_table_has_a_row_for_all_and_for_each_activity(changes):
    found = changes([(0, 20, SIT), (20, 40, STAND)])
    report = report_changes([Named("desk/p1", "desk/p1-day", found)])
    row = ["1", "6.0", "6.0", "0.000", "0"]
    assert change_rows(SimpleNamespace(changes=report)) == [["all", *row], ["standing", *row]]
    assert change_rows(SimpleNamespace(changes=None)) == []
