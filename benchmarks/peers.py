"""Measures an open peer on the same recording, in a process and, if need be, an interpreter of its own.

Run as ``python benchmarks/peers.py PEER FILE``; needs NumPy, pyarrow and the peer, nothing of Lumbar.

Peers take whole arrays; loading them is not timed but is in their peak memory. The simulated wearer's sensor frame is
the body frame of Mobilise-D (x up, y right, z forward), as mobgap wants it; skdh (scikit-digital-health) finds them.
"""

from __future__ import annotations

import math
import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stopwatch import peak_mb, print_result, stay_on_one_core, timed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["PEERS"]

RATE_HZ = 100.0
GRAVITY_MS2 = 9.80665
DEG_PER_RAD = 180 / math.pi
WEARER = ("wearer",)
HEIGHT_M, SENSOR_HEIGHT_M = 1.75, 0.98
NAMES = ("time_s", "acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")


def skdh_gait(samples: NDArray[np.float64]) -> Callable[[], str]:
    """Return a run of skdh's lumbar gait: when the wearer walks, and the steps there."""
    import numpy as np  # noqa: PLC0415 - only where it is installed
    from skdh.context import PredictGaitLumbarLgbm  # noqa: PLC0415 - only where it is installed
    from skdh.gait import GaitLumbar  # noqa: PLC0415 - only where it is installed

    time, acc_g, gyr = samples[:, 0].copy(), samples[:, 1:4] / GRAVITY_MS2, samples[:, 4:].copy()

    def run() -> str:
        walks = PredictGaitLumbarLgbm().predict(time=time, accel=acc_g, fs=RATE_HZ)
        bouts = np.column_stack([walks["Gait Bout Start Index"], walks["Gait Bout Stop Index"]])
        gait = GaitLumbar().predict(time=time, accel=acc_g, gyro=gyr, fs=RATE_HZ, height=HEIGHT_M, gait_bouts=bouts)
        return f"{len(gait['IC Timestamp'])} steps"

    return run


def skdh_sit_to_stand(samples: NDArray[np.float64]) -> Callable[[], str]:
    """Return a run of skdh's sit-to-stand transfers."""
    from skdh.sit2stand import Sit2Stand  # noqa: PLC0415 - only where it is installed

    time, acc_g = samples[:, 0].copy(), samples[:, 1:4] / GRAVITY_MS2
    return lambda: f"{len(Sit2Stand().predict(time=time, accel=acc_g)['STS Start'])} sit-to-stands"


def mobgap_pipeline(samples: NDArray[np.float64]) -> Callable[[], str]:
    """Return a run of mobgap's pipeline for healthy adults, from gait sequences to aggregated parameters."""
    import pandas as pd  # noqa: PLC0415 - only where it is installed
    from mobgap.data import GaitDatasetFromData  # noqa: PLC0415 - only where it is installed
    from mobgap.pipeline import MobilisedPipelineHealthy  # noqa: PLC0415 - only where it is installed

    index = pd.DatetimeIndex(pd.to_datetime(samples[:, 0], unit="s", utc=True), name="time")
    data = pd.DataFrame(samples[:, 1:], columns=NAMES[1:], index=index)
    data[["gyr_x", "gyr_y", "gyr_z"]] *= DEG_PER_RAD
    dataset = GaitDatasetFromData(
        {WEARER: {"LowerBack": data}},
        RATE_HZ,
        {WEARER: {"height_m": HEIGHT_M, "sensor_height_m": SENSOR_HEIGHT_M, "cohort": "HA"}},
        {WEARER: {"measurement_condition": "free_living"}},
    )
    return lambda: f"{len(MobilisedPipelineHealthy().run(dataset).raw_ic_list_)} steps"


PEERS = {
    "skdh GaitLumbar": ("skdh", skdh_gait),
    "skdh Sit2Stand": ("skdh", skdh_sit_to_stand),
    "mobgap healthy pipeline": ("mobgap", mobgap_pipeline),
}
"""The package each peer needs, and how it is run."""


def measure(peer: str, path: str) -> dict[str, Any]:
    """Return time and memory of one run of a peer, or why there is none."""
    package, prepare = PEERS[peer]
    try:
        import numpy as np  # noqa: PLC0415 - a missing library is an answer here, no fault

        module = import_module(package)
        import pyarrow.parquet as pq  # noqa: PLC0415 - a missing library is an answer here, no fault
    except ModuleNotFoundError as error:
        return {"missing": "not installed" if error.name == package else f"{error.name} is not installed"}
    table = pq.read_table(path, columns=list(NAMES))
    run = prepare(np.column_stack([table[name].to_numpy() for name in NAMES]))
    del table
    with timed() as total:
        found = run()
    return {"version": module.__version__, **total.result(), "peak_mb": peak_mb(), "found": found}


if __name__ == "__main__":
    stay_on_one_core()
    warnings.simplefilter("ignore")
    print_result(measure(sys.argv[1], sys.argv[2]))
