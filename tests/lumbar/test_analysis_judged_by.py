"""`lumbar analyze` says what slouching was judged by, with its uncertainty, or why it was not."""

import pytest

from config.calibration import CalibrationSection, SectionName
from config.settings import load_settings
from firmware_bridge.virtual import Calibration, SensorModel, SimulatedWearer, Sit, SittingPosture, Stand, Walk
from lumbar.analysis import Analysis
from lumbar.analysis_document import analysis_document
from lumbar.pipeline import LivePipeline
from lumbar.review import review

WALK = (Stand(5.0), Walk(40.0), Stand(5.0))
TURNS = (Sit(240.0), Sit(240.0, SittingPosture.SLOUCHED, 20.0, 3.0))


@pytest.fixture(scope="module")
def calibration_of():
    """Return what the document says of the calibration after a script."""

    def analysed(*script, guided=False):
        settings = load_settings()
        wearer = SimulatedWearer(script, rate_hz=50.0, sensor=SensorModel())
        sections = tuple(
            CalibrationSection(SectionName(part.section), part.start, part.end) for part in wearer.truth().calibration
        )
        live = LivePipeline(settings, 50.0, sections=sections if guided else ())
        events = [event for chunk in wearer.chunks(600.0) for event in live.push(chunk)]
        analysis = Analysis(live, (*events, *live.flush()), review(live, settings, []))
        return analysis_document(analysis, None).calibration

    return analysed


def test_what_was_learnt_is_given_with_its_uncertainty(calibration_of):
    used = calibration_of(*WALK, *TURNS * 5)
    assert used.source == "walking"
    assert used.judged_by.source == "learnt"
    assert used.upright_sitting_deg - used.slouched_sitting_deg == pytest.approx(20.0, abs=2.0)
    assert 0 < used.sitting_error_deg < 3
    assert used.judged_by.seen_min == pytest.approx(40, abs=2)


def test_too_little_sitting_is_said_with_how_much_it_takes(calibration_of):
    used = calibration_of(*WALK, *TURNS)
    assert used.judged_by.source == "not_enough_seen"
    assert used.judged_by.needed_min == 30
    assert used.judged_by.seen_min == pytest.approx(8, abs=1)
    assert used.upright_sitting_deg is None
    assert used.sitting_error_deg is None


def test_what_was_shown_needs_no_learning(calibration_of):
    used = calibration_of(Stand(5.0), Calibration(), Stand(5.0), *WALK, *TURNS, guided=True)
    assert used.judged_by.source == "shown"
    assert used.judged_by.needed_min == 0
    assert used.sitting_error_deg == 0
