"""Raw recordings: reading what others recorded, writing Lumbar's own, and the labelled data sets."""

from firmware_bridge.recordings.read import Recording, open_recording
from firmware_bridge.recordings.recorder import Recorder
from firmware_bridge.recordings.units import Units, parse_units

__all__ = ["Recorder", "Recording", "Units", "open_recording", "parse_units"]
