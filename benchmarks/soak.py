"""Resident memory over many pictures of mixed sizes: it must not grow.

    python benchmarks/soak.py [--pictures 200] [--side 256 640] [--threads N] [--json]

One process, one session, synthetic pictures.  Resident memory is read after a tenth of the pictures
and after the last; a growth of more than a tenth misses the target, and the exit status is 1.
Linux only.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from random import Random

import numpy as np

from matteplug import matte, plugins
from matteplug.engine import OrtEngine
from matteplug.runtime import golden
from matteplug.types import Size
from resident import now_mib

LIMIT = 1.10
"""Ratio of the resident memory at the end to that after a tenth of the pictures."""


def main() -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--network", default="citm")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--side", type=int, nargs=2, default=(256, 640), help="bounds of a side")
    parser.add_argument("--threads", type=int, help="default: one per physical core")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    spec = plugins.registry().network(args.network)
    engine = OrtEngine(threads=args.threads)
    random = Random(1)
    resident: list[float] = []
    for index in range(args.pictures):
        size = Size(random.randint(*args.side), random.randint(*args.side))
        inputs = golden.example(spec, size, index)
        image = np.rint(inputs["image"][0].transpose(1, 2, 0) * 255).astype(np.uint8)
        trimap = np.rint(inputs["trimap"][0, 0] * 255).astype(np.uint8)
        matte(image, trimap=trimap, network=spec.id, provider="cpu", engine=engine)
        gc.collect()
        resident.append(now_mib())
    early, last = resident[max(0, args.pictures // 10 - 1)], resident[-1]
    report = {
        "network": spec.id,
        "pictures": args.pictures,
        "after_a_tenth_mib": early,
        "after_all_mib": last,
        "largest_mib": max(resident),
        "growth": last / early,
    }
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        print(
            f"{spec.id}, {args.pictures} pictures: {early:.0f} MiB after a tenth, {last:.0f} MiB "
            f"after all (× {last / early:.2f}, at most × {LIMIT}); largest {max(resident):.0f} MiB"
        )
    return 0 if last <= LIMIT * early else 1


if __name__ == "__main__":
    sys.exit(main())
