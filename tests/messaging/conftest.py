"""Real brokers for the tests: the embedded one, and mosquitto with exactly the texts that Lumbar prints."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from config.settings import MqttSettings
from lumbar.messaging.client import MessageClient
from lumbar.messaging.embedded_broker import EmbeddedBroker
from lumbar.messaging.mosquitto import MosquittoFiles, access_rights, mosquitto_configuration

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin")
WITHIN_S = 20.0
WEARERS = [f"wearer{number}" for number in range(60)]
OBSERVER = "homeassistant"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until(condition, what, within_s=WITHIN_S):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.01)


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


SESSION = {
    "plan": "home",
    "title": "Gentle home programme",
    "started": "2026-11-05T08:00:00+00:00",
    "duration_s": 600.0,
    "completed": False,
    "stopped": "tired",
    "items": [
        {
            "exercise": "bridge",
            "planned_sets": 2,
            "sets": [
                {
                    "number": 1,
                    "start_s": 20.0,
                    "end_s": 60.5,
                    "planned": 10,
                    "planned_hold_s": 3.0,
                    "repetitions": 1,
                    "reported": None,
                    "reps": [
                        {
                            "start_s": 20.0,
                            "peak_s": 22.0,
                            "end_s": 24.0,
                            "side": None,
                            "range_deg": 31.5,
                            "range_cm": None,
                            "hold_s": 1.5,
                            "complete": True,
                        }
                    ],
                }
            ],
            "walk": None,
            "pain": 2,
            "ending": "stopped",
            "reason": "tired",
        },
    ],
}


@dataclass(frozen=True)
class Access:
    """How to reach a broker as one user."""

    port: int
    user: str = ""
    password_file: str = ""
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""

    def settings(self, **changes):
        values = {
            "host": "127.0.0.1",
            "keepalive_s": 10,
            "outbox_limit": 10_000,
            **self.__dict__,
            **changes,
        }
        return MqttSettings.model_validate(values)


class Subscriber:
    """Another program at the broker: takes down all it gets, with a session that outlives a break.

    It acknowledges only if told so, so that it never writes to a broker that was just killed and so reads every byte
    that the broker sent.
    """

    def __init__(self, access, filters, *, name="observer", acknowledge=True):
        self.messages = []
        self.subscribed = threading.Event()
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id=f"test-{name}",
            protocol=paho.MQTTv5,
            manual_ack=not acknowledge,
        )
        if access.user:
            self._client.username_pw_set(access.user, Path(access.password_file).read_text(encoding="utf-8"))
        if access.ca_file:
            context = ssl.create_default_context(cafile=access.ca_file)
            if access.certificate_file:
                context.load_cert_chain(access.certificate_file, access.key_file)
            self._client.tls_set_context(context)
        self._client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in filters])
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = lambda _client, _data, message: self.messages.append(message)
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = 600
        self._client.connect("127.0.0.1", access.port, keepalive=60, clean_start=False, properties=session)
        self._client.loop_start()
        assert self.subscribed.wait(WITHIN_S), "the broker does not take the subscription"

    def publish(self, topic, payload, *, retain=False):
        """Publish and return the broker's word."""
        done = threading.Event()
        words = []

        def published(_client, _data, _mid, reason, _properties):
            words.append(str(reason))
            done.set()

        self._client.on_publish = published
        self._client.publish(topic, payload, 1, retain)
        assert done.wait(WITHIN_S), "the broker does not answer"
        return words[0]

    def on(self, topic):
        """Return the payloads that came on one topic, parsed; an empty one is None."""
        return [json.loads(m.payload) if m.payload else None for m in list(self.messages) if m.topic == topic]

    def events(self):
        """Return all events in the order they came, doubles dropped by id."""
        seen = {}
        for message in list(self.messages):
            if "/event/" in message.topic:
                payload = json.loads(message.payload)
                seen.setdefault(payload["id"], payload)
        return list(seen.values())

    def wait_for(self, topic, condition=lambda payloads: payloads):
        """Wait until what came on a topic fulfils the condition; return it."""
        wait_until(lambda: condition(self.on(topic)), f"{topic}; came: {[m.topic for m in self.messages]}")
        return self.on(topic)

    def close(self):
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


class Mosquitto:
    """A real mosquitto with the printed configuration and rights."""

    def __init__(self, folder, authority, wearers, *, client_certificates=False):
        self.port = free_port()
        self._folder = folder
        self._authority = authority
        self._process = None
        certificate, key = authority.issue(f"broker{self.port}")
        self._secrets = folder / "secrets"
        self._secrets.mkdir()
        self._passwords([*wearers, "clinician", OBSERVER])
        persistence = folder / "persistence"
        persistence.mkdir()
        persistence.chmod(0o777)  # mosquitto started by root writes as its own user
        rights = folder / "acl"
        rights.write_text(access_rights(wearers), encoding="utf-8")
        files = MosquittoFiles(authority.path, certificate, key, folder / "passwords", rights, persistence)
        text = mosquitto_configuration(
            files, port=self.port, address="127.0.0.1", client_certificates=client_certificates
        )
        (folder / "mosquitto.conf").write_text(text, encoding="utf-8")
        for path in folder.iterdir():
            if path.is_file():
                path.chmod(0o644)

    def _passwords(self, users):
        plain = "".join(f"{user}:secret of {user}\n" for user in users)
        (self._folder / "passwords").write_text(plain, encoding="utf-8")
        subprocess.run(
            ["mosquitto_passwd", "-U", self._folder / "passwords"],
            check=True,
            capture_output=True,
            env={"PATH": "/usr/bin:/usr/local/bin:/opt/homebrew/bin"},
        )
        for user in users:
            (self._secrets / user).write_text(f"secret of {user}", encoding="utf-8")

    def access(self, user):
        """Return how `user` gets in with the password."""
        return Access(self.port, user, str(self._secrets / user), str(self._authority.path))

    def start(self):
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [MOSQUITTO, "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=log, cwd=self._folder
            )
        wait_until(lambda: answers(self.port) or self._process.poll() is not None, "mosquitto starts")
        assert self._process.poll() is None, self.log()

    def log(self):
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def send(self, number):
        self._process.send_signal(number)

    def save(self):
        """Have sessions and retained messages written now, as they are every 30 s."""
        database = self._folder / "persistence" / "mosquitto.db"
        before = database.stat().st_mtime_ns if database.exists() else 0
        self.send(signal.SIGUSR1)
        wait_until(lambda: database.exists() and database.stat().st_mtime_ns > before, "mosquitto saves")

    def kill(self):
        self._process.kill()
        self._process.wait()

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait()


@dataclass
class Broker:
    """A broker to hold the contract against: how a wearer's Lumbar and an onlooker get in."""

    name: str
    _access: object

    def settings(self, wearer, **changes):
        return self._access(wearer).settings(**changes)

    def subscriber(self, *filters, name):
        return Subscriber(self._access(OBSERVER), filters, name=name)


@pytest.fixture(scope="session")
def public_folder():
    """A folder that mosquitto's own user may read: pytest's are closed to others."""
    with tempfile.TemporaryDirectory(prefix="lumbar-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def authority(public_folder, authority_in):
    return authority_in(public_folder)


@pytest.fixture(scope="session")
def make_mosquitto(public_folder, authority):
    """Make a mosquitto; it is stopped at the end of the run, if not before."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    made = []

    def make(wearers, **options):
        folder = public_folder / f"mosquitto{len(made)}"
        folder.mkdir()
        folder.chmod(0o755)
        server = Mosquitto(folder, authority, wearers, **options)
        made.append(server)
        server.start()
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def mosquitto(make_mosquitto):
    """One mosquitto for all tests that leave it alive."""
    return make_mosquitto(WEARERS)


@pytest.fixture(scope="session")
def embedded():
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request):
    server = request.getfixturevalue(request.param)
    if request.param == "embedded":
        return Broker("embedded", lambda _user: Access(server.port))
    return Broker("mosquitto", server.access)


@pytest.fixture(scope="session")
def _numbers():
    return itertools.count()


@pytest.fixture
def wearer(_numbers):
    """A wearer whom no other test uses, so that retained messages stay apart."""
    return WEARERS[next(_numbers)]


@pytest.fixture
def make_client(tmp_path):
    """Make a client that is closed at the end of the test."""
    with contextlib.ExitStack() as stack:

        def make(settings, wearer, *, outbox="outbox.db"):
            zone = dt.timezone(dt.timedelta(hours=1))
            return stack.enter_context(MessageClient(settings, wearer, tmp_path / outbox, "0.1.0", time_zone=zone))

        yield make


@pytest.fixture
def subscribe(broker, wearer):
    """Look on at the broker, closed at the end of the test."""
    with contextlib.ExitStack() as stack:

        def make(*filters):
            subscriber = broker.subscriber(*filters, name=f"{wearer}-{time.monotonic_ns()}")
            stack.callback(subscriber.close)
            return subscriber

        yield make


@pytest.fixture(scope="session")
def tools():
    """What tests of brokers need beside the fixtures."""

    class Tools:
        Access = Access
        Subscriber = Subscriber
        SESSION = SESSION
        observer = OBSERVER
        wait_until = staticmethod(wait_until)
        free_port = staticmethod(free_port)

    return Tools
