"""Runs in the guest: a virtual sensor behind the kernel's virtual adapter, and the bridge over bleak's BlueZ."""

import asyncio
import json
import sys
import time
from pathlib import Path

from bumble import hci
from bumble.transport import open_transport

from firmware_bridge.link.radio import Radio
from firmware_bridge.virtual.air import Air
from firmware_bridge.virtual.air.controller import VirtualController
from firmware_bridge.virtual.air.peripheral import Specimen
from firmware_bridge.virtual.air.sensors.lsp import LspSensor
from lumbar.sensors.adding import add_sensor, scan
from lumbar.sensors.recording import record
from lumbar.sensors.trial import try_sensor


class Adapter(VirtualController):
    """An adapter that does not claim the privacy of the link layer.

    With that the kernel waits for the enhanced event of a connection, and bumble 0.0.236 sends the plain one; 4 s later
    the kernel would cancel what has been connected.
    """

    le_features = VirtualController.le_features & ~hci.LeFeatureMask.LL_PRIVACY


ADAPTER = Path("/sys/class/bluetooth/hci0")


async def main() -> None:
    """Scan, add, test and record, as the commands do; prints a JSON object with what came of each."""
    air = Air(seed=1)
    async with await open_transport("vhci") as transport:
        adapter = Adapter(
            "hci0",
            host_source=transport.source,
            host_sink=transport.sink,
            link=air,
            public_address="C0:FF:EE:00:00:01",
        )
        adapter.heard = air
        sensor = LspSensor(air, Specimen(address="D0:00:00:00:00:02", serial="00A1", battery_percent=77))
        await sensor.switch_on()
        while not ADAPTER.exists():  # noqa: ASYNC110, ASYNC240 - the kernel tells nobody, and at once
            await asyncio.sleep(0.2)
        await power_on()
        radio = Radio()
        found = await scan(radio, 5.0, ())
        (known,), added = await add_sensor(radio, (), name="back")
        tested = await try_sensor(radio, known, 10.0)
        asyncio.get_running_loop().call_later(10.0, sensor.drop_link)
        recorded = await record(radio, known, Path("/mnt/recording"), asyncio.Event(), 20.0)
        documents = {"scan": found, "added": added, "test": tested, "record": recorded}
        result = {name: document.model_dump(mode="json", by_alias=True) for name, document in documents.items()}
        sys.stdout.write("RESULT " + json.dumps(result) + "\n")


async def power_on() -> None:
    """Switch the adapter on, which a desktop's settings do else."""
    for _ in range(60):
        process = await asyncio.create_subprocess_exec("dbus-send", *POWER_ON)
        if await process.wait() == 0:
            return
        await asyncio.sleep(1.0)
    raise TimeoutError("BlueZ did not take the adapter")


POWER_ON = (
    "--system",
    "--print-reply",
    "--dest=org.bluez",
    "/org/bluez/hci0",
    "org.freedesktop.DBus.Properties.Set",
    "string:org.bluez.Adapter1",
    "string:Powered",
    "variant:boolean:true",
)

if __name__ == "__main__":
    began = time.monotonic()
    asyncio.run(main())
    sys.stdout.write(f"took {time.monotonic() - began:.1f} s\n")
