"""Sensors in the virtual air, and bleak that hears them."""

from types import SimpleNamespace

import jsonschema
import pytest

from config.known_sensors import KnownSensor
from firmware_bridge.link.radio import Radio
from firmware_bridge.virtual.air import Air, bumble_backends, run_virtually, utc_from
from firmware_bridge.virtual.air.peripheral import Specimen
from firmware_bridge.virtual.air.sensors.dot import DotSensor
from firmware_bridge.virtual.air.sensors.lsp import LspSensor
from firmware_bridge.virtual.air.sensors.thingy52 import Thingy52Sensor
from lumbar.sensors.documents import SENSOR_SCHEMAS

EPOCH_S = 1_790_000_000.0
KINDS = {
    "lsp": (LspSensor, "C1:00:00:00:00:01", "00A1"),
    "dot": (DotSensor, "C1:00:00:00:00:02", "00A2"),
    "thingy52": (Thingy52Sensor, "C1:00:00:00:00:03", "00A3"),
}


@pytest.fixture
def in_the_air():
    """Run a coroutine function among sensors, on a virtual clock; it gets the radio, the sensors and a UTC clock."""

    def run(work, *kinds):
        async def go():
            air = Air(seed=4)
            central = air.central()
            await central.power_on()
            sensors = {}
            for kind in kinds:
                make, address, serial = KINDS[kind]
                sensors[kind] = make(air, Specimen(address=address, serial=serial, battery_percent=77))
                await sensors[kind].switch_on()
            radio = Radio(*bumble_backends(central))
            return await work(SimpleNamespace(air=air, radio=radio, utc_now=utc_from(EPOCH_S), **sensors))

        return run_virtually(go())

    return run


@pytest.fixture
def known():
    """One of the wearer's sensors."""

    def make(kind, name="back", **given):
        _, address, serial = KINDS[kind]
        return KnownSensor(**({"name": name, "driver": kind, "address": address, "serial": serial} | given))

    return make


@pytest.fixture
def keeps_schema():
    """Check a document against the schema that `lumbar schema` prints."""

    def check(name, document):
        schema = SENSOR_SCHEMAS[name]()
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(document.model_dump(mode="json", by_alias=True))

    return check
