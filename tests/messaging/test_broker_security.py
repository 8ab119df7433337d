"""Who may come in and what each may do, at a real mosquitto with Lumbar's own texts; each 'no' is one clear line."""

from __future__ import annotations

import socket
import threading

import pytest

from config.errors import MessagingError
from lumbar.messaging.mosquitto import access_rights

OWN, OTHER = "wearer58", "wearer59"
"""Two wearers of the shared broker whom the other tests do not reach."""


def refused(make_client, settings, wearer=OWN):
    """Try to connect and return the error."""
    with pytest.raises(MessagingError) as caught:
        make_client(settings, wearer).connect(wait_s=10)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_nobody_at_the_port(make_client, tools):
    port = tools.free_port()
    message = refused(make_client, tools.Access(port).settings())
    assert message == (
        f"127.0.0.1:{port}: no broker answers there; start one (lumbar broker) or check mqtt.host and mqtt.port"
    )


def test_an_unknown_computer(make_client, tools):
    message = refused(make_client, tools.Access(1883).settings(host="broker.invalid"))
    assert message == "broker.invalid:1883: no computer is called 'broker.invalid'; check mqtt.host"


def test_a_port_where_something_else_listens(make_client, tools):
    def hang_up():
        server.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        greeter = threading.Thread(target=hang_up)
        greeter.start()
        message = refused(make_client, tools.Access(server.getsockname()[1]).settings())
        greeter.join()
    assert "the broker hung up before the log-in; if it expects TLS, set mqtt.ca_file" in message


def test_a_port_where_nobody_speaks(make_client, tools):
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(MessagingError, match=r"no answer within 0\.3 s"),
    ):
        make_client(tools.Access(server.getsockname()[1]).settings(), OWN).connect(wait_s=0.3)


@pytest.mark.parametrize("user", [OWN, "nobody"])
def test_a_wrong_password_or_user(mosquitto, make_client, tmp_path, user):
    (tmp_path / "password").write_text("guess\n", encoding="utf-8")
    settings = mosquitto.access(OWN).settings(user=user, password_file=str(tmp_path / "password"))
    message = refused(make_client, settings)
    assert f"the broker does not let user {user!r} in; check mqtt.user and mqtt.password_file" in message


def test_no_user_at_all(mosquitto, make_client):
    message = refused(make_client, mosquitto.access(OWN).settings(user="", password_file=""))
    assert "the broker does not let a client without user name in" in message


def test_a_password_file_that_is_not_there(mosquitto, make_client, tmp_path):
    settings = mosquitto.access(OWN).settings(password_file=str(tmp_path / "none"))
    with pytest.raises(MessagingError, match=r"mqtt\.password_file: .*none cannot be read"):
        make_client(settings, OWN)


def test_a_password_file_may_end_with_a_new_line(mosquitto, make_client, tmp_path):
    (tmp_path / "password").write_text(f"secret of {OWN}\r\n", encoding="utf-8")
    client = make_client(mosquitto.access(OWN).settings(password_file=str(tmp_path / "password")), OWN)
    client.connect(wait_s=10)
    assert client.status.connected


def test_no_tls_where_the_broker_expects_it(mosquitto, make_client):
    message = refused(make_client, mosquitto.access(OWN).settings(ca_file=""))
    assert "if it expects TLS, set mqtt.ca_file" in message


def test_tls_where_the_broker_has_none(embedded, mosquitto, make_client):
    message = refused(make_client, mosquitto.access(OWN).settings(port=embedded.port))
    assert f"127.0.0.1:{embedded.port}: " in message
    assert "check mqtt.port, mqtt.ca_file" in message


def test_a_certificate_of_another_authority(mosquitto, make_client, tmp_path, authority_in):
    stranger = authority_in(tmp_path)
    message = refused(make_client, mosquitto.access(OWN).settings(ca_file=str(stranger.path)))
    assert "the broker's certificate is not trusted" in message
    assert "check mqtt.ca_file" in message


def test_a_certificate_for_another_host(mosquitto, make_client):
    # The certificate is for localhost and 127.0.0.1.
    message = refused(make_client, mosquitto.access(OWN).settings(host="127.1"))
    assert "the broker's certificate is not trusted" in message
    assert "mqtt.host" in message


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read(mosquitto, make_client, tmp_path, content):
    if content:
        (tmp_path / "ca").write_text(content, encoding="utf-8")
    with pytest.raises(MessagingError, match=r"mqtt\.ca_file: .*ca cannot be read as a certificate"):
        make_client(mosquitto.access(OWN).settings(ca_file=str(tmp_path / "ca")), OWN)


def test_a_client_certificate_needs_tls_and_must_be_readable(mosquitto, make_client, tmp_path):
    with pytest.raises(MessagingError, match=r"mqtt\.certificate_file needs TLS: set mqtt\.ca_file too"):
        make_client(mosquitto.access(OWN).settings(ca_file="", certificate_file="x"), OWN)
    with pytest.raises(MessagingError, match=r"mqtt\.certificate_file: .* cannot be read"):
        make_client(mosquitto.access(OWN).settings(certificate_file=str(tmp_path / "none")), OWN)


def test_a_client_certificate_takes_the_place_of_the_password(make_mosquitto, authority, make_client, tools):
    server = make_mosquitto([OWN, OTHER], client_certificates=True)

    def with_certificate(user):
        certificate, key = authority.issue(user)
        return tools.Access(
            server.port, ca_file=str(authority.path), certificate_file=str(certificate), key_file=str(key)
        )

    message = refused(make_client, tools.Access(server.port, ca_file=str(authority.path)).settings())
    assert "client certificate" in message
    onlooker = tools.Subscriber(with_certificate(tools.observer), [f"lumbar/{OWN}/event/#"], name=tools.observer)
    client = make_client(with_certificate(OWN).settings(), OWN)
    client.connect(wait_s=10)
    client.publish_event("bend", 0.0, {})
    assert client.drain(10)
    onlooker.wait_for(f"lumbar/{OWN}/event/bend")
    onlooker.close()


def test_a_wearer_can_neither_write_nor_read_another(mosquitto, tools):
    own = tools.Subscriber(mosquitto.access(OWN), [f"lumbar/{OTHER}/#", f"lumbar/{OWN}/command/#", "#"], name=OWN)
    other = tools.Subscriber(mosquitto.access(OTHER), ["#"], name=OTHER)
    clinician = tools.Subscriber(mosquitto.access("clinician"), ["lumbar/#"], name="clinician")
    home = tools.Subscriber(mosquitto.access(tools.observer), ["lumbar/+/command/+"], name=tools.observer)

    assert own.publish(f"lumbar/{OTHER}/event/bend", "{}") == "Not authorized"
    assert own.publish(f"lumbar/{OTHER}/command/vibrate", "{}") == "Not authorized"
    assert own.publish(f"homeassistant/device/lumbar_{OTHER}/config", "{}") == "Not authorized"
    assert clinician.publish(f"lumbar/{OWN}/event/bend", "{}") == "Not authorized"
    assert clinician.publish(f"lumbar/{OWN}/command/vibrate", "{}") == "Not authorized"
    assert home.publish(f"lumbar/{OWN}/event/bend", "{}") == "Not authorized"

    assert other.publish(f"lumbar/{OTHER}/event/bend", '{"id": "x"}') in {"Success", "No matching subscribers"}
    assert home.publish(f"lumbar/{OWN}/command/resume", "{}") == "Success"
    own.wait_for(f"lumbar/{OWN}/command/resume")
    clinician.wait_for(f"lumbar/{OTHER}/event/bend")
    assert not [message.topic for message in own.messages if OTHER in message.topic]
    assert not [message.topic for message in other.messages if OWN in message.topic]
    for subscriber in (own, other, clinician, home):
        subscriber.close()


def test_what_the_broker_does_not_take_is_kept_and_said(mosquitto, make_client, tools):
    # A wearer.id that is not the user's own.
    client = make_client(mosquitto.access(OWN).settings(), OTHER)
    client.connect(wait_s=10)
    client.publish_event("bend", 0.0, {})
    tools.wait_until(lambda: client.status.last_error, "the refusal is known")
    assert "does not take our messages (Not authorized); check its access rights" in client.status.last_error
    assert not client.drain(0.2)
    assert client.status.waiting == 1


@pytest.mark.parametrize(
    ("wearers", "reason"),
    [
        ([], "at least one wearer"),
        (["anna", "an na"], "'an na' cannot be a user"),
        (["anna", "anna"], "'anna' stands for two users"),
        (["clinician"], "'clinician' stands for two users"),
        (["anna\nuser eve"], "cannot be a user"),
    ],
)
def test_access_rights_for_impossible_names_are_not_written(wearers, reason):
    with pytest.raises(MessagingError, match=reason):
        access_rights(wearers)


def test_two_programs_of_one_wearer_say_so(mosquitto, wearer, make_client, tools, caplog):
    first = make_client(mosquitto.access(wearer).settings(), wearer)
    first.connect(wait_s=10)
    second = make_client(mosquitto.access(wearer).settings(), wearer, outbox="second.db")
    second.connect(wait_s=10)
    tools.wait_until(
        lambda: "another one runs with the same wearer.id" in caplog.text,
        "the ones that push each other out say why",
    )
