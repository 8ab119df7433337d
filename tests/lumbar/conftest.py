import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import paho.mqtt.client as mqtt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.exercises.guided_session import GuidedSession
from config.calibration import CalibrationSection, SectionName
from config.exercise_library import load_exercises
from config.exercise_plan import Plan, PlannedExercise
from config.settings import load_settings
from firmware_bridge.imu import concatenate
from firmware_bridge.recordings import open_recording
from firmware_bridge.virtual import Bend, Calibration, SensorModel, SimulatedWearer, Sit, SittingPosture, Stand, Walk
from lumbar.analysis import calibrate_recording
from lumbar.cli import main
from lumbar.exercise_session import ExerciseRun, RunOutputs
from lumbar.messaging.embedded_broker import EmbeddedBroker
from lumbar.pipeline import LivePipeline

START = 1_767_600_000.0
"""2026-01-05 08:00 UTC."""

SCRIPT = (
    Calibration(),
    Sit(150.0),
    Sit(140.0, posture=SittingPosture.SLOUCHED, degrees=20.0),
    Sit(60.0),
    Stand(20.0),
    Walk(60.0, cadence_spm=110.0),
    Bend(degrees=75.0, hold_s=8.0),
    Stand(100.0),
    Sit(60.0),
)

LIBRARY = load_exercises()
BENDS = 6
BEND = (Bend(degrees=60.0, hold_s=0.5), Stand(1.0))
BENDING = (Stand(25.0), *(BEND * BENDS), Stand(50.0), *(BEND * 3), Stand(15.0))


@pytest.fixture(scope="session")
def wearer():
    return SimulatedWearer(SCRIPT, 3, rate_hz=100, mounting="upside_down", start=START)


@pytest.fixture(scope="session")
def recording_file(wearer, tmp_path_factory):
    """The wearer's quarter of an hour as a Parquet file whose times carry the date."""
    samples = concatenate(list(wearer.chunks(60.0)))
    columns = {"time_s": samples.time}
    for name, values in (("acc", samples.acc), ("gyr", samples.gyr)):
        columns |= {f"{name}_{axis}": values[:, index] for index, axis in enumerate("xyz")}
    path = tmp_path_factory.mktemp("recording") / "morning.parquet"
    pq.write_table(pa.table({name: np.ascontiguousarray(values) for name, values in columns.items()}), path)
    return path


@pytest.fixture(scope="session")
def sections_file(wearer, tmp_path_factory):
    path = tmp_path_factory.mktemp("sections") / "sections.csv"
    rows = [f"{s.start - START},{s.end - START},{s.section}" for s in wearer.truth().calibration]
    path.write_text("start_s,end_s,section\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def calibration(recording_file, wearer):
    """The wearer's, from the guided calibration of the recording, as a profile keeps it: not what was shown when."""
    sections = [CalibrationSection(SectionName(s.section), s.start, s.end) for s in wearer.truth().calibration]
    return replace(calibrate_recording(open_recording(recording_file), sections), shown=())


@pytest.fixture
def lumbar(monkeypatch, tmp_path, capfd):
    """Run the command line in a folder of its own; returns exit code, output and errors."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LUMBAR_STORAGE__FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", "UTC")

    def run(*arguments):
        capfd.readouterr()
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def lumbar_json(lumbar):
    def run(*arguments):
        code, out, err = lumbar(*arguments)
        assert code == 0, err
        return json.loads(out)

    return run


class Listener:
    """Collect every message below a topic, in order."""

    def __init__(self, broker, topic):
        self.messages = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = lambda _client, _data, message: self.messages.append(message)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect(broker.host, broker.port)
        self._client.subscribe(topic, qos=1)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def on(self, topic):
        """Return the messages of a topic of the wearer."""
        return [message for message in self.messages if message.topic == f"lumbar/me/{topic}"]

    def contents(self, topic):
        """Return time and content of each message of a topic of the wearer."""
        documents = [json.loads(message.payload) for message in self.on(topic) if message.payload]
        return [SimpleNamespace(time=document["time"], **document["content"]) for document in documents]

    def wait_for(self, topic, payload_has):
        """Wait until one of the newest messages of a topic says something."""
        pause = threading.Event()
        for _ in range(1000):
            if any(m.topic == topic and payload_has in m.payload for m in self.messages[-5:]):
                return
            pause.wait(0.01)
        raise AssertionError(f"nothing with {payload_has} came on {topic}")

    def catch_up(self, topic):
        """Wait for all that the broker has taken so far, by a message of its own on a topic listened to."""
        self._client.publish(topic, b"here", qos=1)
        self.wait_for(topic, b"here")
        self.messages = [message for message in self.messages if message.topic != topic]

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker():
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def listen(broker):
    """Return what collects the messages below a topic from now on."""
    listeners = []

    def start(topic):
        listeners.append(Listener(broker, topic))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture(scope="session")
def bending():
    return SimulatedWearer(BENDING, 3, rate_hz=100, mounting="upside_down", sensor=SensorModel.ideal(), start=START)


@pytest.fixture(scope="session")
def bending_samples(bending):
    return concatenate(list(bending.chunks(60.0)))


class Seen:
    """Keeps what is told."""

    def __init__(self):
        self.told, self.standings, self.links, self.hints = [], [], [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def tell(self, told):
        self.told.append(told)

    def show(self, standing, _now):
        self.standings.append(standing)

    def show_link(self, text):
        self.links.append(text)

    def show_hint(self, text):
        self.hints.append(text)

    def of(self, kind):
        return [one for one in self.told if isinstance(one, kind)]


@pytest.fixture(scope="session")
def viewer():
    """``viewer()`` is what a session can be told to: see `Seen`."""
    return Seen


def two_sets_of(repetitions=6):
    exercise = LIBRARY["trunk_flexion"]
    dose = exercise.dose.model_copy(update={"sets": 2, "repetitions": repetitions, "rest_s": 20.0})
    return Plan("two", "Two sets", 3, (PlannedExercise(exercise, dose),))


@pytest.fixture(scope="session")
def two_sets():
    """``two_sets(repetitions)`` returns a plan of bends."""
    return two_sets_of


def run_session(view, plan=None):
    return ExerciseRun(
        GuidedSession(plan or two_sets_of()), LivePipeline(load_settings(), 100.0), RunOutputs(view), "s-1", "test"
    )


@pytest.fixture(scope="session")
def run_of():
    """``run_of(view, plan)`` returns the run of a session, of two sets unless told otherwise."""
    return run_session
