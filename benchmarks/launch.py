"""Run a program; print the seconds that it took and the peak of its memory in MiB, as JSON.

The peak of a program begins with that of the process that starts it (ru_maxrss outlives exec), so
this one stays small: the standard library alone.
"""

import json
import os
import sys
import time

print("ready", flush=True)
started = time.perf_counter()
_, status, usage = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0)
print(json.dumps({"seconds": time.perf_counter() - started, "mib": usage.ru_maxrss / 1024}))
sys.exit(f"status {os.waitstatus_to_exitcode(status)}" if status else 0)
