"""Bumble's controller with the faults of 0.0.236 mended that a test of a link stumbles over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from bumble import hci, ll
from bumble.controller import Controller
from bumble.device import Device, DeviceConfiguration
from bumble.hci import Address

if TYPE_CHECKING:
    from bumble.link import LocalLink
    from bumble.transport.common import TransportSink, TransportSource

__all__ = ["Heard", "VirtualController", "attach_controller", "device_over", "make_device"]

ADVERTISING_INTERVAL_MS = 100.0
_HCI_INTERVAL_MS = 0.625


class Heard(Protocol):
    """What a scanner's controller asks the air about an advertiser."""

    def scan_response(self, address: Address) -> bytes:
        """Return what the advertiser answers to a scan request."""
        ...

    def rssi(self, address: Address) -> int:
        """Return the strength of the advertiser's signal, dBm."""
        ...


class VirtualController(Controller):
    """A controller that can give up connecting, and reports scan responses and signal strengths.

    In bumble 0.0.236 LE Create Connection Cancel does nothing, so that a connect with a time limit to an absent sensor
    would hang for ever; and the advertising data are reported a second time in place of the scan response.
    """

    heard: Heard
    # Bumble's host keeps what its controller cannot take, out of sight: here every packet goes whole and at once to the
    # queue of the link, which is the sensor's transmit queue.
    le_acl_data_packet_length = 600
    total_num_le_acl_data_packets = 255
    # Without this feature bumble advertises, scans and connects by the legacy commands, as small sensors do.
    le_features = Controller.le_features & ~hci.LeFeatureMask.LE_EXTENDED_ADVERTISING

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Give up the connection at work (Core 5.4, volume 4, part E, 7.8.13)."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        given_up = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        asyncio.get_running_loop().call_soon(self.send_hci_packet, given_up)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        """Report an advertisement and, scanning actively, the scan response."""
        if self.le_scan_enable:
            kind = hci.HCI_LE_Advertising_Report_Event.EventType
            self._report(kind.ADV_IND, pdu.advertiser_address, pdu.data)
            if self.le_scan_type:
                response = self.heard.scan_response(pdu.advertiser_address)
                self._report(kind.SCAN_RSP, pdu.advertiser_address, response)
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def _report(self, kind: int, address: Address, data: bytes) -> None:
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=kind,
            address_type=address.address_type,
            address=address,
            data=data,
            rssi=self.heard.rssi(address),
        )
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))


def make_device(link: LocalLink, heard: Heard, name: str, address: str) -> Device:
    """Return a bumble device with a random static address on the link; it is still off."""
    controller = attach_controller(link, heard, name)
    return device_over(controller, controller, name, address)


def attach_controller(
    link: LocalLink,
    heard: Heard,
    name: str,
    host_source: TransportSource | None = None,
    host_sink: TransportSink | None = None,
) -> VirtualController:
    """Return a controller on the link, of the host at the other end of source and sink."""
    controller = VirtualController(name, host_source, host_sink, link=link)
    controller.heard = heard
    return controller


def device_over(source: TransportSource, sink: TransportSink, name: str, address: str) -> Device:
    """Return a bumble device with a random static address over a controller; it is still off."""
    # The controller takes units of 0.625 ms for milliseconds (bumble 0.0.236, LegacyAdvertiser).
    interval = ADVERTISING_INTERVAL_MS * _HCI_INTERVAL_MS
    configuration = DeviceConfiguration(
        name=name,
        address=Address(address, Address.RANDOM_DEVICE_ADDRESS),
        advertising_interval_min=interval,
        advertising_interval_max=interval,
    )
    return Device.from_config_with_hci(configuration, source, sink)
