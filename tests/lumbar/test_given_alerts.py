"""What is kept of the alerts that a wearer was given."""

import pytest

from config.errors import RecordingError
from lumbar.given_alerts import GivenAlerts, still_new
from posture.events import Alert, AlertKind, AlertResolved

SLOUCH = Alert(160.0, AlertKind.SLOUCH, 100.0)
ENDED = AlertResolved(200.0, AlertKind.SLOUCH, 160.0, heeded=True)
SITTING = Alert(1900.0, AlertKind.SITTING, 100.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "day.alerts.jsonl"


def test_nothing_kept_is_not_the_same_as_none_given(path):
    given = GivenAlerts(path)
    assert given.load() is None
    given.begin()
    assert given.load() == []
    given.add([SLOUCH])
    given.begin()
    assert given.load() == [SLOUCH]


def test_what_was_kept_is_untold_until_it_is_marked_oldest_first(path):
    given = GivenAlerts(path)
    given.add([SLOUCH, ENDED])
    given.add([SITTING])
    given.told()
    assert GivenAlerts(path).untold() == [ENDED, SITTING]
    given.told(2)
    assert GivenAlerts(path).untold() == []
    assert GivenAlerts(path).load() == [SLOUCH, ENDED, SITTING]


def test_a_line_torn_anywhere_is_left_out_and_the_next_begins_a_line(path):
    GivenAlerts(path).add([SLOUCH, ENDED])
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(first, len(whole) - 1):
        path.write_bytes(whole[:size])
        given = GivenAlerts(path)
        assert given.load() == [SLOUCH]
        given.add([SITTING])
        assert given.load() == [SLOUCH, SITTING]


def test_a_disk_that_refuses_is_named(path):
    path.mkdir()
    with pytest.raises(RecordingError, match=r"alerts\.jsonl: cannot be written"):
        GivenAlerts(path).add([SLOUCH])
    with pytest.raises(RecordingError, match=r"alerts\.jsonl: cannot be read"):
        GivenAlerts(path).load()


@pytest.mark.parametrize(
    ("event", "is_new"),
    [
        (SLOUCH, False),
        (Alert(163.0, AlertKind.SLOUCH, 100.0), False),  # the samples at which it was raised were lost
        (Alert(155.0, AlertKind.SLOUCH, 95.0), False),  # late samples show that it began earlier
        (Alert(161.0, AlertKind.PROLONGED_SLOUCH, 100.0), True),
        (Alert(260.0, AlertKind.SLOUCH, 200.0), True),
        (ENDED, True),
        (AlertResolved(200.0, AlertKind.SITTING, 160.0, heeded=True), False),  # it was never given
    ],
)
def test_the_same_alert_seen_a_little_differently_is_not_new(event, is_new):
    assert still_new([event], [SLOUCH]) == ([event] if is_new else [])


def test_an_alert_ends_once():
    assert still_new([ENDED], [SLOUCH, ENDED]) == []
    assert still_new([SLOUCH, ENDED, ENDED], []) == [SLOUCH, ENDED]
