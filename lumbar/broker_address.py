"""Broker addresses as the command line takes them: ``mqtt[s]://[user@]host[:port]``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from config.errors import SettingsError

if TYPE_CHECKING:
    from config.settings import MqttSettings

__all__ = ["mqtt_settings_at"]

PORTS = {"mqtt": 1883, "mqtts": 8883}


def mqtt_settings_at(address: str, settings: MqttSettings) -> MqttSettings:
    """Return the settings with the broker of an address.

    Parameters
    ----------
    address
        ``mqtt://host``, ``mqtts://user@host:port``; a bare host is taken as mqtt.
    settings
        The wearer's; password and certificate files come from them. ``mqtts`` without a `ca_file` is an error.

    Raises
    ------
    SettingsError
        The address is none, or holds a password (it would show in the list of processes).

    """
    parts = urlsplit(address if "://" in address else f"mqtt://{address}")
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/"):
        raise SettingsError(f"{address}: this is no broker; write it as mqtt://host:1883 or mqtts://user@host:8883")
    if parts.password is not None:
        raise SettingsError(f"put the password of {parts.hostname} in a file and name it as mqtt.password_file")
    try:
        port = parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise SettingsError(f"{address}: the port is a number from 1 to 65535") from error
    if parts.scheme == "mqtts" and not settings.ca_file:
        raise SettingsError(f"{address}: for mqtts set mqtt.ca_file to the certificate that the broker is checked with")
    return settings.model_copy(
        update={
            "host": parts.hostname,
            "port": port,
            "user": parts.username or settings.user,
            "ca_file": settings.ca_file if parts.scheme == "mqtts" else "",
        }
    )
