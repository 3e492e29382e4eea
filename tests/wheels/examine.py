"""Run in an environment of its own: examine the machine with one network, then run it.

usage: examine.py SPEC.json; prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matteplug.engine import OrtEngine
from matteplug.errors import EngineError
from matteplug.network import NetworkSpec
from matteplug.runtime import doctor, golden

spec = NetworkSpec.from_json(json.loads(Path(sys.argv[1]).read_text()))
report = doctor.examine([spec])
session = OrtEngine().session(spec)
found = golden.compare(spec, session.run(golden.inputs_of(spec)))
refused = {}
for provider in ("cuda", "tensorrt", "openvino"):
    try:
        OrtEngine().session(spec, provider)
    except EngineError as error:
        refused[provider] = [error.code, str(error)]
print(
    json.dumps(
        {
            "report": report.to_json(),
            "auto": session.provider,
            "notes": session.notes,
            "difference": found.mean,
            "refused": refused,
        }
    )
)
