"""Home Assistant finds Lumbar by itself: one discovery message for the wearer as a device.

Format: device-based MQTT discovery, https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload. A state
that a template renders as nothing is left as it was; that is how a summary of another day is passed over.
"""

from __future__ import annotations

import json
from typing import Any

from lumbar.messaging.topics import POSTURE_EXPIRY_S, Channel, topic_of

__all__ = ["SUMMARY_FIGURES", "discovery_payload"]

SUMMARY_FIGURES = {
    "slouch_minutes_today": ("Slouched today", "slouch.slouched_min", "min"),
    "sitting_minutes_today": ("Sitting today", "activity.sitting_min", "min"),
    "steps_today": ("Steps today", "walking.steps_n", "steps"),
}
"""Component: name, place in the daily summary, unit."""

ALERTS = {
    "slouch_alert": ("Slouching", "slouch", None),
    "sitting_alert": ("Sitting for long", "sitting", None),
    "strap_moved": ("Strap moved", "strap_moved", "problem"),
}
"""Component: name, kind of alert, device class."""

ICONS = {
    "posture": "mdi:seat",
    "activity": "mdi:run",
    "slouch_alert": "mdi:human-handsdown",
    "sitting_alert": "mdi:seat-recline-normal",
    "steps_today": "mdi:walk",
    "snooze": "mdi:bell-sleep",
    "resume": "mdi:bell-ring",
}


def discovery_payload(wearer: str, version: str) -> str:
    """Return the JSON that tells Home Assistant what Lumbar shows and takes.

    Parameters
    ----------
    wearer
        The wearer's id.
    version
        Version of Lumbar.

    """
    components = {
        **_posture(wearer),
        **_alerts(wearer),
        **_sensor(wearer),
        **_summary(wearer),
        **_buttons(wearer),
    }
    for name, component in components.items():
        component["unique_id"] = f"lumbar_{wearer}_{name}"
        if name in ICONS:
            component["icon"] = ICONS[name]
    payload = {
        "device": {
            "identifiers": [f"lumbar_{wearer}"],
            "name": f"Lumbar {wearer}",
            "manufacturer": "Lumbar",
            "model": "Posture and exercise monitor",
            "sw_version": version,
        },
        "origin": {"name": "lumbar", "sw_version": version},
        "availability": [
            {
                "topic": topic_of(Channel.BRIDGE_STATE, wearer),
                "value_template": "{{ value_json.content.state }}",
                "payload_available": "online",
                "payload_not_available": "offline",
            }
        ],
        "qos": 1,
        "components": components,
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _posture(wearer: str) -> dict[str, dict[str, Any]]:
    topic = topic_of(Channel.POSTURE_STATE, wearer)
    return {
        name: {
            "platform": "sensor",
            "name": name.capitalize(),
            "state_topic": topic,
            "value_template": f"{{{{ value_json.content.{name} }}}}",
            "expire_after": POSTURE_EXPIRY_S,
        }
        for name in ("posture", "activity")
    }


def _alerts(wearer: str) -> dict[str, dict[str, Any]]:
    components: dict[str, dict[str, Any]] = {}
    for name, (title, kind, device_class) in ALERTS.items():
        components[name] = {
            "platform": "binary_sensor",
            "name": title,
            "state_topic": topic_of(Channel.ALERT, wearer, kind),
            "value_template": "{{ 'ON' if value else 'OFF' }}",
        }
        if device_class:
            components[name]["device_class"] = device_class
    return components


def _sensor(wearer: str) -> dict[str, dict[str, Any]]:
    topic = topic_of(Channel.SENSOR_STATE, wearer)
    return {
        "sensor_connection": {
            "platform": "binary_sensor",
            "name": "Sensor connection",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": topic,
            "value_template": "{{ 'OFF' if value_json.content.state == 'lost' else 'ON' }}",
        },
        "battery": {
            "platform": "sensor",
            "name": "Sensor battery",
            "device_class": "battery",
            "entity_category": "diagnostic",
            "unit_of_measurement": "%",
            "state_topic": topic,
            "value_template": "{{ value_json.content.battery_percent }}",
        },
    }


def _summary(wearer: str) -> dict[str, dict[str, Any]]:
    # One topic for each day; the day itself says whether it is today's.
    every_day = topic_of(Channel.DAILY_SUMMARY, wearer, "day").removesuffix("day") + "+"
    components: dict[str, dict[str, Any]] = {}
    for name, (title, place, unit) in SUMMARY_FIGURES.items():
        today = "value_json.content.date == now().strftime('%Y-%m-%d')"
        components[name] = {
            "platform": "sensor",
            "name": title,
            "state_class": "total_increasing",
            "unit_of_measurement": unit,
            "state_topic": every_day,
            "value_template": f"{{{{ value_json.content.summary.{place} if {today} else '' }}}}",
        }
        if unit == "min":
            components[name]["device_class"] = "duration"
    return components


def _buttons(wearer: str) -> dict[str, dict[str, Any]]:
    return {
        verb: {
            "platform": "button",
            "name": title,
            "command_topic": topic_of(Channel.COMMAND, wearer, verb),
            "payload_press": payload,
        }
        for verb, title, payload in (
            ("snooze", "Snooze for 30 minutes", '{"arguments":{"minutes":30}}'),
            ("resume", "Resume", "{}"),
        )
    }
