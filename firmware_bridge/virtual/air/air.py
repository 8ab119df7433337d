"""The air between a host and its sensors, without a radio.

A `LocalLink` of bumble whose packets travel at connection events, and out of which a sensor may be carried.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from bumble import core, ll
from bumble.link import LocalLink

from firmware_bridge.virtual.air.controller import make_device
from firmware_bridge.virtual.air.link import Conditions, RadioLink

if TYPE_CHECKING:
    from collections.abc import Callable

    from bumble.controller import Controller
    from bumble.device import Device
    from bumble.hci import Address

__all__ = ["CENTRAL_ADDRESS", "Air"]

_RSSI_DBM = -58
CENTRAL_ADDRESS = "C0:00:00:00:00:01"


class Air(LocalLink):
    """The air.

    Parameters
    ----------
    conditions
        How it is; the attribute may be exchanged at any time.
    seed
        Of the randomness: the same seed and the same program give the same events.

    """

    def __init__(self, conditions: Conditions | None = None, *, seed: int = 0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # bumble's is untyped
        self.conditions = conditions or Conditions()
        self._chance = random.Random(seed)  # noqa: S311 - chance, no secret
        self._links: dict[frozenset[bytes], RadioLink] = {}
        self._away: set[bytes] = set()
        self._rssi_dbm: dict[bytes, int] = {}

    def device(self, name: str, address: str) -> Device:
        """Return a new bumble device in this air; it is still off."""
        return make_device(self, self, name, address)

    def central(self) -> Device:
        """Return a new host's radio; it is still off."""
        return self.device("central", CENTRAL_ADDRESS)

    def set_in_range(self, device: Device, *, in_range: bool) -> None:
        """Carry a device away, or back. Its connections die after the supervision timeout, at both ends."""
        address = bytes(device.random_address)
        if in_range:
            self._away.discard(address)
        else:
            self._away.add(address)
        for ends, link in self._links.items():
            if address in ends:
                link.set_silent(silent=bool(ends & self._away))

    def vanish(self, device: Device) -> None:
        """Let a device forget its connections without a word to the other end."""
        self._forget_links(_controller_of(device, self.controllers))

    def remove(self, controller: Controller) -> None:
        """Take a radio out of the air without a word to the others."""
        self._forget_links(controller)
        self.remove_controller(controller)

    def _forget_links(self, controller: Controller) -> None:
        address = bytes(controller.random_address)
        for ends, link in list(self._links.items()):
            if address in ends:
                link.vanish(controller)

    def room(self, device: Device) -> int:
        """Return how many packets more a sensor's radio can take."""
        link = self._link_of(device)
        return self.conditions.transmit_queue - link.queued if link else 0

    def on_arrival_of_newest(self, device: Device, arrived: Callable[[], None]) -> None:
        """Call `arrived` when the packet that a sensor sent last reaches the host; never where the link dies."""
        link = self._link_of(device)
        if link is not None and link.queued:
            link.on_arrival_of_newest(arrived)

    def set_rssi(self, device: Device, rssi_dbm: int) -> None:
        """Set how strongly a device is heard, dBm."""
        self._rssi_dbm[bytes(device.random_address)] = rssi_dbm

    def rssi(self, address: Address) -> int:
        """Return how strongly an advertiser is heard, dBm."""
        return self._rssi_dbm.get(bytes(address), _RSSI_DBM)

    def scan_response(self, address: Address) -> bytes:
        """Return what an advertiser answers to a scan request."""
        advertiser = self._advertiser(address)
        return advertiser.le_legacy_advertiser.scan_response_data if advertiser else b""

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """Queue a packet; called by bumble."""
        if transport != core.PhysicalTransport.LE:
            raise core.InvalidArgumentError("the virtual air carries Bluetooth Low Energy only")
        connection = sender_controller.le_connections.get(destination_address)
        if connection is None:
            return
        link = self._links.get(_ends(connection.self_address, destination_address))
        if link is not None:
            link.send(sender_controller, data)

    def send_ll_control_pdu(self, sender_address: Address, receiver_address: Address, packet: ll.ControlPdu) -> None:
        """Queue a control packet behind the data; called by bumble."""
        link = self._links.get(_ends(sender_address, receiver_address))
        sender = self.find_le_controller(sender_address)
        if link is not None and sender is not None:
            link.send(sender, packet)

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """Let an advertisement be heard, or a connection begin; called by bumble."""
        if isinstance(packet, ll.ConnectInd):
            self._connect(sender_controller, packet)
            return
        if self._away and bytes(sender_controller.random_address) in self._away:
            return
        loop = asyncio.get_running_loop()
        for controller in self.controllers:
            listens = controller.le_scan_enable or controller.pending_le_connection is not None
            in_range = bytes(controller.random_address) not in self._away
            heard = listens and in_range and self._chance.random() >= self.conditions.missed_event_share
            if heard and controller is not sender_controller:
                loop.call_soon(controller.on_ll_advertising_pdu, packet)

    def _connect(self, central: Controller, packet: ll.ConnectInd) -> None:
        advertiser = self._advertiser(packet.advertiser_address)
        if advertiser is None:
            raise core.InvalidArgumentError(f"nobody advertises as {packet.advertiser_address}")
        advertiser.on_ll_advertising_pdu(packet)
        link = RadioLink(
            (central, packet.initiator_address),
            (advertiser, packet.advertiser_address),
            lambda: self.conditions,
            self._chance,
        )
        ends = _ends(packet.initiator_address, packet.advertiser_address)
        before = self._links.get(ends)
        if before is not None:
            # Else the end of its supervision timeout would end the new link.
            before.end()
        self._links[ends] = link
        accepted = packet.initiator_address in advertiser.le_connections
        if not accepted or ends & self._away:
            link.set_silent(silent=True)

    def _advertiser(self, address: Address) -> Controller | None:
        return next((one for one in self.controllers if one.random_address == address), None)

    def _link_of(self, device: Device) -> RadioLink | None:
        address = bytes(device.random_address)
        return next((link for ends, link in self._links.items() if address in ends and not link.closed), None)


def _ends(one: Address, other: Address) -> frozenset[bytes]:
    return frozenset((bytes(one), bytes(other)))


def _controller_of(device: Device, controllers: set[Controller]) -> Controller:
    return next(one for one in controllers if one.random_address == device.random_address)
