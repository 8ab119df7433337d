"""Texts for a real broker: the configuration of mosquitto 2 and the file of access rights (ACL)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.errors import MessagingError
from lumbar.messaging.topics import HOME_ASSISTANT_STATUS, Channel, command_filter, topic_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["MosquittoFiles", "access_rights", "mosquitto_configuration"]

USER = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class MosquittoFiles:
    """Where the broker's files are."""

    ca: Path
    certificate: Path
    key: Path
    passwords: Path
    access_rights: Path
    persistence: Path


def mosquitto_configuration(
    files: MosquittoFiles,
    *,
    port: int = 8883,
    address: str = "0.0.0.0",  # noqa: S104  a broker is there for other computers
    client_certificates: bool = False,
) -> str:
    """Return a configuration for mosquitto 2: TLS, nobody without a name, rights for each wearer, states kept.

    Parameters
    ----------
    files
        Where certificates, passwords, rights and the database are.
    port, address
        Where it listens.
    client_certificates
        Log in with a client certificate, whose common name is the user, in place of a password.

    """
    if client_certificates:
        log_in = "require_certificate true\nuse_identity_as_username true"
    else:
        log_in = f"# made with: mosquitto_passwd -c {files.passwords} USER\npassword_file {files.passwords}"
    return f"""\
# Lumbar's configuration for mosquitto 2, made by: lumbar broker config
listener {port} {address}

# TLS
cafile {files.ca}
certfile {files.certificate}
keyfile {files.key}
tls_version tlsv1.2

# Who may come in, and what each may do
allow_anonymous false
{log_in}
# made with: lumbar broker acl WEARER...
acl_file {files.access_rights}

# Retained states and what waits for subscribers that are away survive a restart
persistence true
persistence_location {files.persistence}/
autosave_interval 30

# All that comes in is handed on at once, so that a broker that dies takes nothing acknowledged with it
max_inflight_messages 0
# A subscriber that is away for a day misses nothing (the default is 1000)
max_queued_messages 200000
persistent_client_expiration 14d
max_packet_size 1048576
"""


def access_rights(
    wearers: Sequence[str], *, clinician: str = "clinician", home_assistant: str = "homeassistant"
) -> str:
    """Return the access rights (ACL) for mosquitto: each wearer his own topics, and nobody else's.

    Parameters
    ----------
    wearers
        Ids of the wearers; each is also the user name.
    clinician
        User that reads all of these wearers and writes nothing.
    home_assistant
        User that reads all of these wearers and sends commands.

    Raises
    ------
    MessagingError
        A name is no user name, or stands for two.

    """
    names = [*wearers, clinician, home_assistant]
    for name in names:
        if not USER.fullmatch(name):
            raise MessagingError(f"{name!r} cannot be a user of the broker: use letters, digits, - and _")
        if names.count(name) > 1:
            raise MessagingError(f"{name!r} stands for two users; each wearer, clinician and program needs its own")
    if not wearers:
        raise MessagingError("name at least one wearer")
    blocks = [_block(wearer, f"wearer {wearer}", _wearer_rights(wearer)) for wearer in wearers]
    reading = [f"read lumbar/{wearer}/#" for wearer in wearers]
    blocks.append(_block(clinician, "clinician: reads, writes nothing", reading))
    commanding = [f"write {command_filter(wearer)}" for wearer in wearers]
    blocks.append(_block(home_assistant, "Home Assistant", [*reading, *commanding, "readwrite homeassistant/#"]))
    return "# Lumbar's access rights for mosquitto 2, made by: lumbar broker acl\n\n" + "\n".join(blocks)


def _wearer_rights(wearer: str) -> list[str]:
    return [
        f"write lumbar/{wearer}/#",
        f"read lumbar/{wearer}/command/#",
        f"write {topic_of(Channel.DISCOVERY, wearer)}",
        f"read {HOME_ASSISTANT_STATUS}",
    ]


def _block(user: str, comment: str, rights: list[str]) -> str:
    lines = [f"# {comment}", f"user {user}", *(f"topic {right}" for right in rights)]
    return "\n".join(lines) + "\n"
