"""Labels, as the scores ask them."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from config.calibration import CalibrationSection, SectionName
from lumbar.validation.labels import CLASS_LABELS, Labels, is_within

halves = st.integers(0, 40).map(lambda n: n / 2)


def labels(*rows):
    full = [(*row, "") if len(row) == 3 else row for row in rows]
    return Labels(pd.DataFrame(full, columns=["start_s", "end_s", "label", "value"]))


@given(st.lists(st.tuples(halves, halves).map(sorted), max_size=8), st.lists(halves, max_size=20))
def test_an_interval_holds_its_start_but_not_its_end(intervals, times):
    expected = [any(start <= time < end for start, end in intervals) for time in times]
    assert is_within(np.array(times), np.array(intervals).reshape(-1, 2)).tolist() == expected


def test_a_time_has_the_number_of_its_label():
    of_a_day = labels((0, 10, "sitting"), (10, 20, "standing"), (20, 30, "lying_prone"), (30, 40, "stairs_up"))
    assert of_a_day.numbers(np.array([5.0, 10.0, 25.0, 35.0, 50.0]), CLASS_LABELS).tolist() == [1, 2, 0, -1, -1]


def test_two_labels_that_disagree_say_nothing_and_two_that_agree_say_it_once():
    both = labels((0, 10, "sitting"), (5, 15, "standing"), (20, 30, "lying"), (20, 30, "lying_side"))
    assert both.numbers(np.array([2.0, 7.0, 12.0, 25.0]), CLASS_LABELS).tolist() == [1, -1, 2, 0]


def test_what_the_body_does_at_a_time_leaves_out_notes_events_and_repetitions():
    session = labels((0, 9, "set:squat", "3"), (1, 3, "rep:squat"), (0, 9, "note:sloppy"), (0, 9, "standing"))
    assert session.at(2.0) == ("set:squat", "standing")
    assert session.at(9.0) == ()


def test_the_guided_calibration_is_found_in_the_labels():
    session = labels(
        (1, 6, "calibration:upright_stand"), (7, 12, "calibration:forward_bend", "56"), (0, 20, "standing")
    )
    assert session.sections() == (
        CalibrationSection(SectionName.UPRIGHT_STAND, 1.0, 6.0),
        CalibrationSection(SectionName.FORWARD_BEND, 7.0, 12.0),
    )


def test_a_recording_without_labels_has_nothing_to_say():
    nothing = labels()
    assert len(nothing) == 0
    assert nothing.numbers(np.array([1.0]), CLASS_LABELS).tolist() == [-1]
    assert nothing.of("sitting").shape == (0, 2)
    assert nothing.sections() == ()
