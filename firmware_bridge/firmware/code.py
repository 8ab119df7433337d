"""Main program of the Lumbar sensor: Seeed XIAO nRF52840 Sense, CircuitPython 9."""

import os
import time

import _bleio
import alarm
import analogio
import board
import busio
import digitalio
import microcontroller
import pwmio

from firmware_bridge.firmware import lsp_codec
from firmware_bridge.firmware.battery import Battery
from firmware_bridge.firmware.flash_log import FlashLog
from firmware_bridge.firmware.gatt import Gatt
from firmware_bridge.firmware.lsm6ds3 import Lsm6ds3
from firmware_bridge.firmware.profile import Board, Sensor

LOG_FILE = "/lumbar.log"
LOG_BLOCKS = 384  # 1.5 MiB of the 2 MiB flash; the rest is for CircuitPython's file system and this program
MOTOR_HZ = 200
ERASED_PAGE = b"\xff" * 512

serial = "".join(["%02X" % byte for byte in microcontroller.cpu.uid])  # noqa: UP031 - short on CircuitPython too

imu_power = digitalio.DigitalInOut(board.IMU_PWR)
imu_power.switch_to_output(value=True)
divider_foot = digitalio.DigitalInOut(board.READ_BATT_ENABLE)
divider_foot.switch_to_output(value=False)
charging = digitalio.DigitalInOut(board.CHARGE_STATUS)
charging.switch_to_input(digitalio.Pull.UP)
lamp = digitalio.DigitalInOut(board.LED_BLUE)
lamp.switch_to_output(value=True)  # the lamp is on where the pin is low
motor = pwmio.PWMOut(board.D2, frequency=MOTOR_HZ, duty_cycle=0)
time.sleep(0.05)  # the inertial sensor needs 35 ms (datasheet DocID030071, "turn-on time")
i2c = busio.I2C(board.IMU_SCL, board.IMU_SDA, frequency=400_000)
while not i2c.try_lock():
    pass

log = None
try:
    if LOG_FILE[1:] not in os.listdir("/") or os.stat(LOG_FILE)[6] != LOG_BLOCKS * lsp_codec.BLOCK_BYTES:
        lamp.value = False
        with open(LOG_FILE, "wb") as new_file:
            for _ in range(LOG_BLOCKS * lsp_codec.BLOCK_BYTES // len(ERASED_PAGE)):
                new_file.write(ERASED_PAGE)
        lamp.value = True
    log = FlashLog(open(LOG_FILE, "r+b"))
except OSError:  # the drive belongs to the computer at the USB port (see boot.py): Feature then shows no log
    lamp.value = True

parts = Board(
    Lsm6ds3(i2c),
    Battery(analogio.AnalogIn(board.VBATT), charging),
    lambda strength: setattr(motor, "duty_cycle", strength * 257),
    lambda strength: setattr(lamp, "value", not strength),
    microcontroller.nvm,
    log,
    time.monotonic_ns,
    int.from_bytes(os.urandom(4), "little"),
)
about = ("Lumbar", "XIAO nRF52840 Sense", serial, "1.0", "1")
sensor = Sensor(parts, Gatt(_bleio, "LUMBAR-" + serial[-4:], about))
while True:
    wait_s = sensor.step()
    if wait_s is None:
        alarm.exit_and_deep_sleep_until_alarms()
    else:
        time.sleep(wait_s)
