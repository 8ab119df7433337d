"""Guided calibration: any mounting gives the same angles and events, and what was done wrong is said clearly."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from config.calibration import CalibrationSection, SectionName
from config.errors import CalibrationError
from firmware_bridge.virtual import (
    Bend,
    Calibration,
    SensorModel,
    Sit,
    SittingPosture,
    Stand,
    Walk,
    mounting_matrix,
)
from lumbar.pipeline import LivePipeline, noticed_at
from posture.calibration import CalibrationSource
from posture.events import Alert, AlertResolved, PostureEpisode, PostureState, Transition
from posture.events import Bend as BendEvent
from posture.guided_calibration import GuidedCalibration
from posture.rotations import angle_between, flexion, lateral_bend

ALL_POSTURES = (
    Stand(5.0),
    Calibration(),
    Sit(20.0),
    Sit(90.0, SittingPosture.SLOUCHED, 20.0),
    Sit(30.0),
    Sit(20.0, SittingPosture.LEANING_RIGHT, 20.0),
    Sit(15.0),
    Sit(20.0, SittingPosture.LEANING_LEFT, 20.0),
    Sit(15.0),
    Stand(5.0),
    Walk(30.0),
    Bend(70.0, 8.0),
    Stand(5.0),
)
NOISY = replace(SensorModel(), acc_bias_ms2=(0.0, 0.0, 0.0), scale_error=(0.0, 0.0, 0.0))
MOUNTINGS = ("nominal", "upside_down", "quarter_turn", "inside_out")


@pytest.fixture(scope="module")
def calibrated(play, analyse):
    """Play all postures at a mounting: calibration, flexion and lateral bend in degrees of each second, and events."""

    def calibrate(defaults, mounting, sensor=NOISY, misalignment_deg=(0.0, 0.0, 0.0)):
        played = play(ALL_POSTURES, 5, mounting=mounting, sensor=sensor, misalignment_deg=misalignment_deg)
        seconds = analyse(played.chunk, 100.0).seconds
        pipeline = LivePipeline(defaults, 100.0, sections=played.sections)
        events = [*pipeline.push(played.chunk), *pipeline.flush()]
        # Before, the mounting is guessed.
        known_from = played.sections[-1].end
        told = [event for event in events if type(event) in TOLD and noticed_at(event) > known_from]
        body = pipeline.calibration.up_in_body(seconds.up)
        angles = np.degrees(np.stack([flexion(body), lateral_bend(body)]))
        return pipeline.calibration, angles, told

    return calibrate


TOLD = (Alert, AlertResolved, PostureEpisode, Transition, BendEvent)


def check_same_events(found, expected):
    """Check that the same was noticed, within 5 s and 3 deg."""

    def name(event):
        return type(event).__name__, getattr(event, "kind", getattr(event, "state", ""))

    found, expected = sorted(found, key=name), sorted(expected, key=name)
    assert [name(event) for event in found] == [name(event) for event in expected]
    for one, other in zip(found, expected, strict=True):
        for field, tolerance in (("time", 5.0), ("start", 5.0), ("end", 5.0), ("angle_deg", 3.0), ("peak_deg", 3.0)):
            if hasattr(one, field):
                assert getattr(one, field) == pytest.approx(getattr(other, field), rel=0, abs=tolerance)


@pytest.fixture(scope="module")
def reference(calibrated, defaults):
    return calibrated(defaults, "nominal")


def test_everything_in_the_script_is_noticed(reference):
    _, _, events = reference
    states = {event.state for event in events if isinstance(event, PostureEpisode)}
    assert states == set(PostureState) - {PostureState.LEANING_FORWARD}
    assert any(isinstance(event, BendEvent) for event in events)
    assert [event.kind for event in events if isinstance(event, Alert)] == ["slouch"]


@pytest.mark.parametrize("mounting", MOUNTINGS)
@pytest.mark.parametrize("askew_deg", [(0.0, 0.0, 0.0), (15.0, 0.0, 0.0), (0.0, 15.0, 0.0), (0.0, 0.0, 15.0)])
def test_the_mounting_does_not_matter(calibrated, reference, defaults, mounting, askew_deg):
    calibration, angles_deg, events = calibrated(defaults, mounting, misalignment_deg=askew_deg)
    assert calibration.source is CalibrationSource.GUIDED
    assert np.percentile(np.abs(angles_deg - reference[1]), 99) <= 3.0
    check_same_events(events, reference[2])


@given(quaternion=st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1))
@settings(max_examples=8, deadline=None)
def test_no_mounting_whatever_matters(calibrated, reference, defaults, quaternion):
    matrix = Rotation.from_quat(quaternion).as_matrix()
    calibration, angles_deg, events = calibrated(defaults, matrix)
    assert np.percentile(np.abs(angles_deg - reference[1]), 99) <= 3.0
    check_same_events(events, reference[2])
    away_deg = np.degrees(Rotation.from_matrix(calibration.sensor_to_body @ matrix.T).magnitude())
    assert away_deg <= 8.0, "the sensor's place on the body is found, but for how the wearer stands"


@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_an_accelerometer_as_it_comes_costs_a_few_degrees(calibrated, reference, defaults, mounting):
    _, angles_deg, events = calibrated(defaults, mounting, sensor=SensorModel())
    assert np.percentile(np.abs(angles_deg - reference[1]), 99) <= 3.0
    check_same_events(events, reference[2])


@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_forward_points_forward_and_up_points_up(calibrated, defaults, mounting):
    calibration, *_ = calibrated(defaults, mounting)
    body_to_sensor = mounting_matrix(mounting).T
    assert np.degrees(angle_between(calibration.upright, body_to_sensor[:, 0])) < 5.0
    assert np.degrees(angle_between(calibration.forward, body_to_sensor[:, 2])) < 10.0
    assert calibration.sitting.direction == -1.0, "a slouch rolls the pelvis backward"
    assert calibration.sitting.range_deg == pytest.approx(20.0, abs=3.0)


def test_slouching_forward_is_learnt_as_such(play, analyse):
    """A wearer whose slouch at the desk tips the sensor forward."""
    script = (
        Stand(8.0),
        Bend(55.0, 1.0),
        Stand(2.0),
        Bend(55.0, 1.0),
        Stand(3.0),
        Sit(8.0),
        Sit(10.0, SittingPosture.HUNCHED, 20.0),
    )
    played = play(script, 3)
    sitting = played.truth.sittings
    bends = played.truth.bends
    sections = (
        section(SectionName.UPRIGHT_STAND, played.wearer.start + 1.0, played.wearer.start + 7.0),
        section(SectionName.FORWARD_BEND, bends[0].start, bends[-1].end),
        section(SectionName.UPRIGHT_SIT, sitting[0].start + 1.0, sitting[0].end - 0.5),
        section(SectionName.SLOUCHED_SIT, sitting[1].settled, sitting[1].end - 0.5),
    )
    calibration = guided(analyse(played.chunk, 100.0).frames, sections)
    assert calibration.sitting.direction == 1.0
    assert calibration.sitting.past_upright_deg(np.array([calibration.sitting.slouched_deg]))[0] > 15.0


def section(name, start, end):
    return CalibrationSection(name, start, end)


def guided(frames, sections):
    stage = GuidedCalibration(sections)
    for frame in frames:
        stage.push(frame)
    return stage.result()


@pytest.fixture(scope="module")
def done_right(play, analyse):
    """Frames, sections by name, and start of a calibration well done."""
    played = play((Stand(8.0), Calibration(), Sit(10.0)), 6)
    sections = {part.name: part for part in played.sections}
    return analyse(played.chunk, 100.0).frames, sections, played


def test_standing_and_the_bow_are_enough(done_right):
    frames, sections, _ = done_right
    calibration = guided(frames, [sections[SectionName.UPRIGHT_STAND], sections[SectionName.FORWARD_BEND]])
    assert calibration.sitting is None
    assert calibration.sensor_to_body is not None
    assert calibration.gyr_bias_rad_s is not None


@pytest.mark.parametrize("missing", [SectionName.UPRIGHT_STAND, SectionName.FORWARD_BEND])
def test_a_missing_section_is_named(done_right, missing):
    _, sections, _ = done_right
    with pytest.raises(CalibrationError, match=f"no section {missing}"):
        GuidedCalibration([part for name, part in sections.items() if name is not missing])


@pytest.mark.parametrize("name", list(SectionName))
def test_a_section_too_short_is_named(done_right, name):
    _, sections, _ = done_right
    short = sections | {name: replace(sections[name], end=sections[name].start + 1.5)}
    with pytest.raises(CalibrationError, match=f"section {name} .* too short"):
        GuidedCalibration(list(short.values()))


@pytest.mark.parametrize("name", list(SectionName))
@pytest.mark.parametrize("shift_s", [-1000.0, 1000.0])
def test_a_section_outside_the_recording_is_named(done_right, name, shift_s):
    frames, sections, _ = done_right
    moved = replace(sections[name], start=sections[name].start + shift_s, end=sections[name].end + shift_s)
    with pytest.raises(CalibrationError, match=rf"no samples of the calibration section {name}.*check its times"):
        guided(frames, list((sections | {name: moved}).values()))


def test_not_bowing_is_said(done_right):
    frames, sections, played = done_right
    stood = section(SectionName.FORWARD_BEND, played.wearer.start + 2.0, played.wearer.start + 6.0)
    with pytest.raises(CalibrationError, match=r"shows only .* bow forward by at least 20 deg"):
        guided(frames, [sections[SectionName.UPRIGHT_STAND], stood])


def test_moving_while_standing_is_said(done_right):
    frames, sections, _ = done_right
    bowing = replace(sections[SectionName.FORWARD_BEND], name=SectionName.UPRIGHT_STAND)
    with pytest.raises(CalibrationError, match=r"you moved by .* while standing upright: hold still"):
        guided(frames, [bowing, sections[SectionName.FORWARD_BEND]])


def test_sitting_the_same_way_twice_is_said(done_right):
    frames, sections, _ = done_right
    same = replace(sections[SectionName.UPRIGHT_SIT], name=SectionName.SLOUCHED_SIT)
    with pytest.raises(CalibrationError, match="differ by only"):
        guided(frames, list((sections | {SectionName.SLOUCHED_SIT: same}).values()))


def feed(pipeline, pieces):
    for piece in pieces:
        pipeline.push(piece)


def test_the_pipeline_tells_at_the_end_of_the_procedure(done_right, defaults):
    """Not an hour later, and also where the recording ends within it."""
    _, sections, played = done_right
    stood = section(SectionName.FORWARD_BEND, played.wearer.start + 2.0, played.wearer.start + 6.0)
    pipeline = LivePipeline(defaults, 100.0, sections=[sections[SectionName.UPRIGHT_STAND], stood])
    seconds = played.chunk.split(1.0)
    with pytest.raises(CalibrationError, match="bow forward"):
        feed(pipeline, seconds)
    assert next(seconds).time[0] - played.sections[0].end < 5.0
    cut_off = LivePipeline(defaults, 100.0, sections=played.sections)
    cut_off.push(next(played.chunk.split(12.0)))
    with pytest.raises(CalibrationError, match="no samples of the calibration section forward_bend"):
        cut_off.flush()


@given(start=st.floats(-10, 70), length=st.floats(0, 30), name=st.sampled_from(list(SectionName)))
@settings(max_examples=60, deadline=None)
def test_wrong_times_give_a_calibration_or_a_clear_error_never_nonsense(done_right, start, length, name):
    frames, sections, played = done_right
    begin = played.wearer.start + start
    calibration = guided_or_none(frames, sections | {name: section(name, begin, begin + length)}, name)
    if calibration is not None:
        np.testing.assert_allclose(calibration.sensor_to_body @ calibration.sensor_to_body.T, np.eye(3), atol=1e-9)
        assert calibration.sitting.range_deg >= 3.0


def guided_or_none(frames, sections, name):
    """Return the calibration, None where it is refused with the section or what to do in the message."""
    try:
        return guided(frames, list(sections.values()))
    except CalibrationError as error:
        message = str(error)
    assert name in message or "calibrate again" in message
    return None
