"""Runs before code.py, at reset only: who may write to the drive.

With pin D1 to ground at reset the computer may, to change the program; else the program may, for its log.
"""

import board
import digitalio
import storage
import supervisor

jumper = digitalio.DigitalInOut(board.D1)
jumper.switch_to_input(digitalio.Pull.UP)
if jumper.value:
    storage.remount("/", readonly=False)
jumper.deinit()
supervisor.runtime.ble_workflow = False  # CircuitPython's own advertising would take turns with ours
