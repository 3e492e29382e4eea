"""Goes through cases inside an editor; copied beside the drivers, so the standard library only."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

Report = dict[str, Any]


def go_through(cases: Mapping[str, Any], run: Callable[[Any], Report]) -> dict[str, Report]:
    """Return the report of each case by its title; one that fails does not keep the others."""
    reports = {}
    for title, case in cases.items():
        try:
            reports[title] = run(case)
        except Exception:
            reports[title] = {"error": traceback.format_exc()}
    return reports


def serve(folder: str, run: Callable[[Any], Report]) -> None:
    """Take cases.json whenever it is there and write report.json, until there is a file "stop".

    It ends with the program that started it, too.
    """
    parent = os.getppid()
    asked, told, stop = (os.path.join(folder, n) for n in ("cases.json", "report.json", "stop"))
    while not os.path.exists(stop) and os.getppid() == parent:
        if not os.path.exists(asked):
            time.sleep(0.02)
            continue
        with open(asked) as file:
            cases = json.load(file)
        os.remove(asked)
        with open(told + ".part", "w") as file:
            json.dump(go_through(cases, run), file)
        os.replace(told + ".part", told)
