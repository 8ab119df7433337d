"""``lumbar broker``."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

from lumbar.messaging.embedded_broker import EmbeddedBroker
from lumbar.messaging.mosquitto import MosquittoFiles, access_rights, mosquitto_configuration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["print_access_rights", "print_configuration", "run_broker"]


def run_broker(port: int) -> None:
    """Run the embedded broker until the program is told to stop."""
    stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stop.set())
    with EmbeddedBroker(port) as broker:
        sys.stdout.write(
            f"Broker on mqtt://{broker.host}:{broker.port}, for this computer only. It speaks MQTT 5 "
            "(mosquitto_sub needs -V 5) and forgets everything when it ends. Ctrl+C stops it.\n"
        )
        sys.stdout.flush()
        stop.wait()


def print_configuration(folder: Path, port: int, *, client_certificates: bool) -> None:
    """Print a configuration for mosquitto."""
    files = MosquittoFiles(
        ca=folder / "ca.crt",
        certificate=folder / "server.crt",
        key=folder / "server.key",
        passwords=folder / "passwords",
        access_rights=folder / "acl",
        persistence=folder / "data",
    )
    sys.stdout.write(mosquitto_configuration(files, port=port, client_certificates=client_certificates))


def print_access_rights(wearers: Sequence[str], clinician: str, home_assistant: str) -> None:
    """Print the access rights of each user for mosquitto."""
    sys.stdout.write(access_rights(wearers, clinician=clinician, home_assistant=home_assistant))
