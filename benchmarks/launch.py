"""Run a program; print its time in seconds and its peak memory in MiB, as JSON.

A program inherits the peak of the process that starts it (ru_maxrss survives exec), so this one
stays small and uses only the standard library.
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
