"""What a sensor driver is: facts, a codec from bytes to samples, and the steps that make a sensor do something.

A driver does no I/O. It says which steps to take (`Subscribe`, `Write`, `Read`); the link takes them and hands every
notification, and the value of every `Read`, to the driver's decoder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from config.errors import SensorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Advertised",
    "Decoder",
    "Driver",
    "JsonValue",
    "LogBlock",
    "LogDownload",
    "Packet",
    "Read",
    "Reply",
    "Resolution",
    "SensorClock",
    "Setting",
    "Settings",
    "Step",
    "Subscribe",
    "TicksOf",
    "Write",
]

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask for the notifications (or indications) of a characteristic."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write bytes to a characteristic.

    Parameters
    ----------
    characteristic
        UUID, lower case, 36 characters.
    data
        The bytes.
    with_response
        Whether the sensor confirms the write.
    pause_s
        How long the sensor needs before the next step.
    awaits_reply
        Whether the sensor answers by a packet with a `Reply`, to be waited for.

    """

    characteristic: str
    data: bytes
    with_response: bool = True
    pause_s: float = 0.0
    awaits_reply: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """Read a characteristic; its value goes to the decoder like a notification."""

    characteristic: str


Step: TypeAlias = Subscribe | Write | Read


@dataclass(frozen=True, slots=True)
class Reply:
    """A sensor's answer to a command.

    Parameters
    ----------
    to
        What was answered, as the driver names it ("start", "stop" ...).
    ok
        Whether the sensor did it.
    reason
        Why not, in the wearer's words; empty where it did.

    """

    to: str
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """What one frame of a sensor says; what it does not say is None.

    Parameters
    ----------
    acc
        Shape (n, 3), float64: specific force in m/s^2, sensor frame as the maker defines it, +g on the axis that points
        up at rest.
    gyr
        Shape (n, 3), float64: angular rate in rad/s. Where there is `acc` too, of the same samples.
    ticks
        The sensor's clock as it sent it, not unwrapped; of the sample that `SensorClock.ticks_of` says.
    counter
        The sensor's counter as it sent it, not unwrapped: the number of the first sample here.
    battery_percent
        Charge.
    reply
        An answer to a command.
    fields
        Whatever else it says, by name with the unit in it, JSON values only.

    """

    acc: NDArray[np.float64] | None = None
    gyr: NDArray[np.float64] | None = None
    ticks: int | None = None
    counter: int | None = None
    battery_percent: int | None = None
    reply: Reply | None = None
    fields: Mapping[str, JsonValue] = field(default_factory=dict)


class Decoder(Protocol):
    """Turns the notifications of one connection, in order, into packets."""

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return what the bytes complete, possibly nothing.

        Raises
        ------
        PacketError
            The bytes are not what this sensor sends. The decoder can go on with the next notification.

        """
        ...


class TicksOf(Enum):
    """Which sample of a packet its ticks belong to."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class SensorClock:
    """A clock in the sensor.

    Parameters
    ----------
    tick_hz
        Ticks a second.
    ticks_bits
        Width after which the ticks wrap.
    ticks_of
        The sample they belong to.
    counter_bits
        Width after which the sample counter wraps; None where there is no counter.

    """

    tick_hz: float
    ticks_bits: int
    ticks_of: TicksOf
    counter_bits: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that may be set, for the sensor and for what its bytes mean.

    Parameters
    ----------
    name
        With the unit: `rate_hz`, `range_g`, `range_dps` ...
    default
        Used where the wearer says nothing.
    allowed
        All values the sensor takes; empty where any number will do.
    meaning
        One line for the wearer.

    """

    name: str
    default: float
    allowed: tuple[float, ...]
    meaning: str


Settings: TypeAlias = "Mapping[str, float]"
"""A value for each of a driver's settings, by name."""


@dataclass(frozen=True, slots=True)
class Advertised:
    """What a sensor says of itself before it is connected: any of the services, or a name that begins so."""

    services: tuple[str, ...] = ()
    name_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """Size of one count, for the recording; `gyr_rad_s` is None for a sensor without a gyroscope."""

    acc_ms2: float
    gyr_rad_s: float | None


@dataclass(frozen=True, slots=True)
class LogBlock:
    """A piece of the sensor's offline log that was checked.

    Parameters
    ----------
    packets
        The samples in it.
    confirm
        Steps that let the sensor forget the block. To be taken only once the samples are safe on the disk.

    """

    packets: tuple[Packet, ...]
    confirm: tuple[Step, ...]


class LogDownload(Protocol):
    """Fetches a sensor's offline log; it may be broken off anywhere and begun anew on the next connection."""

    @property
    def done(self) -> bool:
        """Whether all that the sensor had has come."""
        ...

    def begin(self) -> tuple[Step, ...]:
        """Return the steps that make the sensor send."""
        ...

    def push(self, characteristic: str, data: bytes) -> tuple[LogBlock, ...]:
        """Return the blocks that the bytes complete.

        Raises
        ------
        PacketError
            The bytes are not what this sensor sends.

        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One family of sensors.

    Parameters
    ----------
    id
        Name on the command line and in settings.
    title
        Name for the wearer.
    advertised
        How it is found.
    settings
        What may be set; `rate_hz` is always among them.
    clock
        Its clock; None for sensors that send no time.
    resolution
        Size of a count under the settings.
    decoder
        Makes a decoder for a new connection.
    start, stop
        Steps that start and stop the stream of samples.
    battery
        Steps after which a packet with the charge comes.
    vibrate
        Steps for one pulse of `strength` (0 to 1) and `duration_s`; None without a motor.
    set_utc
        Steps that tell the sensor the time, given in microseconds since the Unix epoch; None where it keeps none.
    start_log
        Steps that make the sensor keep its samples while nobody is connected; None where it cannot.
    download
        Makes a download of the offline log; None without one.
    fastest_log_hz
        Above this sample rate the log cannot be fetched beside the stream without harm to it, and so is left off; None
        where it always can.
    log_clock
        Clock of the samples in the offline log; None where it is `clock`.
    cannot
        What the wearer must know this sensor does not do, a sentence each.

    """

    id: str
    title: str
    advertised: Advertised
    settings: tuple[Setting, ...]
    clock: SensorClock | None
    resolution: Callable[[Settings], Resolution]
    decoder: Callable[[Settings], Decoder]
    start: Callable[[Settings], tuple[Step, ...]]
    stop: Callable[[Settings], tuple[Step, ...]]
    battery: tuple[Step, ...] = ()
    vibrate: Callable[[float, float], tuple[Step, ...]] | None = None
    set_utc: Callable[[int], tuple[Step, ...]] | None = None
    start_log: Callable[[Settings], tuple[Step, ...]] | None = None
    download: Callable[[Settings], LogDownload] | None = None
    fastest_log_hz: float | None = None
    log_clock: SensorClock | None = None
    cannot: tuple[str, ...] = ()

    def settings_with(self, given: Mapping[str, float]) -> dict[str, float]:
        """Return a value for each setting: those given, else the defaults.

        Raises
        ------
        SensorError
            A name is not a setting of this sensor, or a value not one it takes.

        """
        known = {setting.name: setting for setting in self.settings}
        for name, value in given.items():
            if name not in known:
                raise SensorError(f"{self.title} has no setting {name}; it has {', '.join(known)}")
            allowed = known[name].allowed
            if allowed and value not in allowed:
                choices = ", ".join(f"{choice:g}" for choice in allowed)
                raise SensorError(f"{self.title}: {name} cannot be {value:g}; choose one of {choices}")
        return {name: given.get(name, setting.default) for name, setting in known.items()}
