"""What all virtual sensors have in common: a GATT server, a battery, a clock, a motion, and ways to fail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from bumble import att
from bumble.core import UUID
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service

from firmware_bridge.devices import standard
from firmware_bridge.virtual.air.advertisement import advertising_data, scan_response_data
from firmware_bridge.virtual.air.motion import CodedMotion, Motion
from firmware_bridge.virtual.air.oscillator import Oscillator
from firmware_bridge.virtual.air.sampling import Felt, Sampling, SensorTime
from firmware_bridge.virtual.air.truth import Fate, Taken, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from firmware_bridge.virtual.air.air import Air

__all__ = ["Properties", "Pulse", "Specimen", "VirtualSensor"]

Properties = Characteristic.Properties
_HANDLE_BYTES = 3
_NOTIFIES, _INDICATES = 1, 2


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pulse of the motor, as the sensor got it.

    Parameters
    ----------
    time_s
        When, by the loop's clock.
    strength
        0 to 1.
    duration_s
        How long.

    """

    time_s: float
    strength: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Specimen:
    """What differs between two sensors of one kind.

    Parameters
    ----------
    address
        Bluetooth address.
    serial
        Serial number.
    battery_percent
        Charge.
    oscillator
        Its clock's errors.
    motion
        What it feels.
    keep_truth
        Whether each sample is remembered, or only their number.

    """

    address: str = "D0:00:00:00:00:02"
    serial: str = "0001"
    battery_percent: int = 80
    oscillator: Oscillator = field(default_factory=Oscillator)
    motion: Motion = field(default_factory=CodedMotion)
    keep_truth: bool = True


class VirtualSensor:
    """A sensor in the air.

    Kinds of sensors say in `_services` what they have and take what is written there; they measure by `_measure` and
    send by `_send`.

    Parameters
    ----------
    air
        Where it is.
    specimen
        Which one it is.

    """

    NAME: ClassVar[str]
    MAKER: ClassVar[str]
    ADVERTISED: ClassVar[tuple[str, ...]]
    LARGEST_MTU: ClassVar[int] = 247

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        self.specimen = specimen or Specimen()
        self.air = air
        self.truths: dict[str, Truth] = {}
        """What it measured, by stream: `imu`, or `acc` and `gyr` where they travel apart; `log` for the offline log."""
        self.pulses: list[Pulse] = []
        self.overflowed = 0
        """Notifications dropped since there was no room in the radio."""
        self.boots = 0
        """How often it restarted."""
        self.battery_percent = self.specimen.battery_percent
        self.name = self.NAME
        self.connection: Connection | None = None
        self._characteristics: dict[str, Characteristic[bytes]] = {}
        self._silent_until_s = 0.0
        self._on = False
        self._samplings: dict[str, Sampling] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # What kinds of sensors say.

    def _services(self) -> list[Service]:
        """Return the sensor's own services."""
        raise NotImplementedError

    def _connected(self) -> None:
        """Do what the sensor does on a new connection."""

    def _disconnected(self) -> None:
        """Do what the sensor does when its connection ends."""
        self._stop_measuring()

    def _restarted(self) -> None:
        """Forget what a restart makes it forget."""

    # Life.

    async def switch_on(self) -> None:
        """Begin to advertise."""
        self.device = self.air.device(self.name, self.specimen.address)
        self.device.gatt_server.max_mtu = self.LARGEST_MTU
        self.device.add_services([*self._services(), self._battery(), self._device_information()])
        self.device.advertising_data = advertising_data(self.ADVERTISED)
        self.device.scan_response_data = scan_response_data(self.name)
        self.device.on(Device.EVENT_CONNECTION, self._on_connection)
        await self.device.power_on()
        self.switched_on_s = asyncio.get_running_loop().time()
        self._start_clock()
        self._on = True
        await self._advertise()

    def set_in_range(self, *, in_range: bool) -> None:
        """Carry the sensor away from the host, or back."""
        self.air.set_in_range(self.device, in_range=in_range)

    def drop_link(self) -> None:
        """Let the sensor end its connection; the host is told."""
        if self.connection is not None:
            self._spawn(self.connection.disconnect())

    def stall(self, duration_s: float) -> None:
        """Stay connected but send no notification for a while; the samples are lost."""
        self._silent_until_s = asyncio.get_running_loop().time() + duration_s

    async def reboot(self, off_s: float = 2.0) -> None:
        """Restart: the link is lost without a word, clock and counters begin anew; back after `off_s`."""
        self._on = False
        self._stop_measuring()
        self.air.vanish(self.device)
        await self.device.stop_advertising()
        await asyncio.sleep(off_s)
        self.boots += 1
        self._start_clock()
        self._restarted()
        self._on = True
        await self._advertise()

    def _start_clock(self) -> None:
        self.time = SensorTime(self.specimen.oscillator, self.switched_on_s, asyncio.get_running_loop().time())

    async def _advertise(self) -> None:
        if self._on and self.connection is None:
            await self.device.start_advertising()

    def _on_connection(self, connection: Connection) -> None:
        self.connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        self._connected()

    def _on_disconnection(self, _reason: int) -> None:
        self.connection = None
        self._disconnected()
        self._spawn(self._advertise())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The GATT server.

    def _characteristic(
        self,
        uuid: str,
        properties: Properties,
        *,
        read: Callable[[], bytes] | None = None,
        written: Callable[[bytes], None] | None = None,
        subscribed: Callable[[bool], None] | None = None,
    ) -> Characteristic[bytes]:
        """Return a characteristic.

        Parameters
        ----------
        uuid
            36 characters.
        properties
            What can be done with it.
        read
            Gives its value.
        written
            Takes what is written; may raise `att.ATT_Error`.
        subscribed
            Told when notifications are wanted, or no longer.

        """
        permissions = Characteristic.Permissions(0)
        if read is not None:
            permissions |= Characteristic.Permissions.READABLE
        if written is not None:
            permissions |= Characteristic.Permissions.WRITEABLE
        value: CharacteristicValue[bytes] = CharacteristicValue(
            read=None if read is None else lambda _: read(),
            write=None if written is None else lambda _, data: written(data),
        )
        characteristic: Characteristic[bytes] = Characteristic(UUID(uuid), properties, permissions, value)
        if subscribed is not None:
            characteristic.on(
                Characteristic.EVENT_SUBSCRIPTION, lambda _, notify, indicate: subscribed(notify or indicate)
            )
        self._characteristics[uuid] = characteristic
        return characteristic

    def _service(self, uuid: str, characteristics: Sequence[Characteristic[bytes]]) -> Service:
        return Service(UUID(uuid), list(characteristics))

    def _battery(self) -> Service:
        level = self._characteristic(
            standard.BATTERY_LEVEL, Properties.READ | Properties.NOTIFY, read=lambda: bytes([self.battery_percent])
        )
        return self._service(standard.BATTERY_SERVICE, [level])

    def _device_information(self) -> Service:
        texts = {
            standard.MANUFACTURER_NAME: self.MAKER,
            standard.MODEL_NUMBER: self.NAME,
            standard.SERIAL_NUMBER: self.specimen.serial,
            standard.FIRMWARE_REVISION: "1.0.0",
            standard.HARDWARE_REVISION: "1",
        }
        return self._service(
            standard.DEVICE_INFORMATION_SERVICE,
            [
                self._characteristic(uuid, Properties.READ, read=lambda text=text: text.encode())  # type: ignore[misc]
                for uuid, text in texts.items()
            ],
        )

    # Sending.

    @property
    def _payload_bytes(self) -> int:
        """How long a notification may be on this connection."""
        return (self.connection.att_mtu if self.connection else 23) - _HANDLE_BYTES

    @property
    def _room(self) -> int:
        """How many notifications more the radio can take."""
        return self.air.room(self.device) if self.connection is not None else 0

    def _wanted(self, uuid: str) -> int:
        """Return the subscription to a characteristic: 0 for none, 1 for notifications, 2 for indications."""
        subscribers = self.device.gatt_server.subscribers.get(self.connection) if self.connection else None
        value = subscribers.get(self._characteristics[uuid].handle) if subscribers else None
        return value[0] if value else 0

    def _send(self, uuid: str, data: bytes, *travelling: Taken, truth: Truth | None = None) -> bool:
        """Send a notification, which may carry samples; return whether the radio took it.

        Raises
        ------
        ValueError
            It is longer than the connection allows; a real stack would cut it off.

        """
        silent = asyncio.get_running_loop().time() < self._silent_until_s
        if self.connection is None or silent or not self._wanted(uuid) & _NOTIFIES:
            return False
        if len(data) > self._payload_bytes:
            raise ValueError(f"{len(data)} bytes do not fit a notification of {self._payload_bytes}")
        if self._room <= 0:
            self.overflowed += 1
            return False
        notification = att.ATT_Handle_Value_Notification(
            attribute_handle=self._characteristics[uuid].handle, attribute_value=data
        )
        self.device.gatt_server.send_gatt_pdu(self.connection, bytes(notification))
        if truth is not None:
            self._follow(truth, travelling)
        return True

    def _follow(self, truth: Truth, travelling: tuple[Taken, ...]) -> None:
        def arrived() -> None:
            for taken in travelling:
                truth.advance(taken, Fate.ARRIVED)

        for taken in travelling:
            truth.advance(taken, Fate.SENT)
        self.air.on_arrival_of_newest(self.device, arrived)

    def _answer(self, uuid: str, data: bytes) -> None:
        """Send an answer: by indication where the host asked for those, else by notification."""
        silent = asyncio.get_running_loop().time() < self._silent_until_s
        if self._wanted(uuid) & _INDICATES and self.connection is not None and not silent:
            self._spawn(self._indicate(self.connection, uuid, data))
        else:
            self._send(uuid, data)

    async def _indicate(self, connection: Connection, uuid: str, data: bytes) -> None:
        try:
            await self.device.indicate_subscriber(connection, self._characteristics[uuid], data)
        except (TimeoutError, asyncio.CancelledError):
            # The link died before the host confirmed; it will connect anew.
            return

    # Measuring.

    def _measure(self, stream: str, rate_hz: float, batch: int, taken: Callable[[Felt], None]) -> None:
        """Begin a stream of samples, or begin it anew."""
        if stream in self._samplings:
            self._samplings[stream].stop()
        self._samplings[stream] = Sampling(
            time=self.time,
            motion=self.specimen.motion,
            switched_on_s=self.switched_on_s,
            rate_hz=rate_hz,
            batch=batch,
            taken=taken,
        )

    def _measures(self, stream: str) -> bool:
        return stream in self._samplings

    def _stop_measuring(self, *streams: str) -> None:
        """End some streams, or all."""
        for stream in streams or tuple(self._samplings):
            sampling = self._samplings.pop(stream, None)
            if sampling is not None:
                sampling.stop()

    def _truth(self, stream: str) -> Truth:
        return self.truths.setdefault(stream, Truth(keep=self.specimen.keep_truth))

    def _vibrated(self, strength: float, duration_s: float) -> None:
        self.pulses.append(Pulse(asyncio.get_running_loop().time(), strength, duration_s))
