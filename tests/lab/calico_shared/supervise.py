"""Loops that go on whatever happens in them, as runit keeps the real programs going."""

import os
import time
import traceback


def keep(name: str, once, pause: float) -> None:
    """What fails is logged, and tried again after 2 s."""
    folder = f"/var/log/calico/{name}"
    os.makedirs(folder, exist_ok=True)
    while True:
        try:
            once()
            time.sleep(pause)
        except Exception as error:
            with open(f"{folder}/current", "a") as log:
                log.write(time.strftime("%F %T ") + traceback.format_exc() + (getattr(error, "stderr", "") or ""))
            time.sleep(2)
