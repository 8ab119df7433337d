"""A program that is killed, truly, by SIGKILL, before each step of giving an alert: it is given exactly once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from config.profile import save_profile
from firmware_bridge.imu import concatenate
from firmware_bridge.virtual import Bend, SimulatedWearer, Sit, SittingPosture, Stand
from lumbar.analysis import profile_of

REPOSITORY = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("wearing_program.py")
EPOCH_S = 1_767_600_000.0
NUDGE_AFTER_S, CHUNK_S = 20, 0.5
KEPT, SENT = 5, 10
"""Before these steps the alert is kept but in no outbox, and in the outbox but not marked as told."""
AWAY_S = 3.0
"""From the kill until the program has been started again."""

SLOUCHING = (Stand(8.0), Sit(12.0), Sit(40.0, posture=SittingPosture.SLOUCHED, degrees=20.0), Sit(20.0))
BOWING = (Stand(8.0), *(each for _ in range(5) for each in (Bend(50.0, 0.5), Stand(1.5))), Stand(25.0))
"""A bow every 5 s, the first at 8 s."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is a Unix thing")


@pytest.fixture
def program(tmp_path, monkeypatch, calibration, broker, request):
    """Return what wears the samples once, in a process of its own; told where to start, and before which step or when
    to die.
    """
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", "UTC")
    monkeypatch.setenv("LUMBAR_SLOUCH__NUDGE_AFTER_S", str(NUDGE_AFTER_S))
    wearer = SimulatedWearer(
        getattr(request, "param", SLOUCHING), 3, rate_hz=100, mounting="upside_down", start=EPOCH_S
    )
    samples = concatenate(list(wearer.chunks(60.0)))
    np.savez(tmp_path / "samples.npz", time=samples.time, acc=samples.acc, gyr=samples.gyr)
    save_profile(profile_of(calibration, "me"), tmp_path / "me.toml")
    always = {
        "samples": str(tmp_path / "samples.npz"),
        "profile": str(tmp_path / "me.toml"),
        "port": broker.port,
        "chunk_s": CHUNK_S,
        "acc_ms2": 8 * 9.80665 / 32768,
        "gyr_rad_s": float(np.radians(2000) / 32768),
    }
    command = [sys.executable, "-W", "error", str(PROGRAM)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def run(wearer, *, start_s=EPOCH_S, watch="", kill_before=-1, alert_s=0.0, exercise="", kill_s=1e12):
            told = {"wearer": wearer, "folder": str(tmp_path / wearer), "start_s": start_s, "watch": watch}
            told |= {"kill_before": kill_before, "alert_s": alert_s, "exercise": exercise, "kill_s": kill_s}
            print(json.dumps(always | told), file=process.stdin, flush=True)
            facts = json.loads(process.stdout.readline())
            if "killed" in facts:
                assert facts["code"] in (0, -9), "it ended by itself"
                return None
            ended = json.loads(process.stdout.readline())
            assert (ended["code"], facts["delivered"]) == (0, True)
            return facts

        yield run
        process.stdin.close()


@pytest.fixture
def alerts_of(listen):
    """Return the ids of the alerts that reached the broker of one wearer, in order, and whether the last has ended."""
    listener = listen("lumbar/+/alert/#")

    def alerts(wearer):
        listener.catch_up("lumbar/caught-up/alert/of")
        payloads = [m.payload for m in listener.messages if m.topic == f"lumbar/{wearer}/alert/slouch"]
        return [json.loads(payload)["id"] for payload in payloads if payload], payloads[-1] == b""

    return alerts


def assert_once(alerts, wearer, what):
    ids, ended = alerts(wearer)
    assert len(set(ids)) == 1, f"{what}: given {len(set(ids))} times"
    assert ended, f"{what}: the alert is still there"


def test_an_alert_is_given_once_wherever_the_program_is_killed_on_the_way(program, alerts_of):
    undisturbed = program("w", watch="")
    (alert_s,) = undisturbed["alerts"]
    steps_n = program("w0", watch="alert", alert_s=alert_s)["steps"]
    assert steps_n >= 12, "the alert is kept, its samples are, the outbox has it, and it is marked"
    for step in range(steps_n):
        wearer = f"w{step + 1}"
        assert program(wearer, watch="alert", kill_before=step, alert_s=alert_s) is None
        program(wearer, start_s=alert_s + AWAY_S)
        assert_once(alerts_of, wearer, f"killed before step {step} of {steps_n}")


@pytest.mark.slow
def test_an_alert_is_given_once_although_the_program_is_killed_again_when_it_makes_up_for_it(program, alerts_of):
    (alert_s,) = program("w", watch="")["alerts"]
    steps_n = program("w0", watch="alert", alert_s=alert_s)["steps"]
    killed_again = 0
    for step in (KEPT, SENT):
        for again in range(0, steps_n + 4, 5):
            wearer = f"w{step}-{again}"
            assert program(wearer, watch="alert", kill_before=step, alert_s=alert_s) is None
            if program(wearer, start_s=alert_s + AWAY_S, watch="start", kill_before=again) is None:
                killed_again += 1
                program(wearer, start_s=alert_s + 2 * AWAY_S)
            assert_once(alerts_of, wearer, f"killed before step {step}, and before step {again} of the next start")
    assert killed_again >= 6, "making up for it has as many steps as giving it"


@pytest.mark.parametrize("program", [BOWING], indirect=True)
@pytest.mark.parametrize("killed_s", [17.1, 21.6, 22.1])
def test_a_set_goes_on_after_the_program_was_killed_in_it(program, listen, killed_s):
    listener = listen("lumbar/#")
    assert program("me", exercise="trunk_flexion", kill_s=EPOCH_S + killed_s) is None
    assert program("me", start_s=EPOCH_S + killed_s + 0.3)["counts"] == [5]
    listener.wait_for("lumbar/me/bridge/state", b"offline")
    assert [(each.exercise, each.repetitions) for each in listener.contents("event/set_completed")] == [
        ("trunk_flexion", 5)
    ]
    numbers = [each.number for each in listener.contents("event/repetition")]
    assert list(dict.fromkeys(numbers)) == [1, 2, 3, 4, 5], "none is announced again after the restart"
