"""The time base: packets of a sensor and their arrival become samples with true times, and what was lost is counted."""

from firmware_bridge.time_base.envelope import UNKNOWN, Rate
from firmware_bridge.time_base.ledger import Gap, SampleLedger, SegmentAccount
from firmware_bridge.time_base.stream import SampleStream
from firmware_bridge.time_base.utc import UtcTrust

__all__ = ["UNKNOWN", "Gap", "Rate", "SampleLedger", "SampleStream", "SegmentAccount", "UtcTrust"]
