"""What Easel's bytes mean."""

from dataclasses import replace

from matteplug.types import MatteRequest
from matteplug.wire import WireAdapter, WireJob


class EaselAdapter(WireAdapter):
    """Reads jobs whose selection is a frisket: it protects, where a selection selects."""

    def read(self, job: WireJob) -> MatteRequest:
        frisket = job.buffers["selection"]
        selection = replace(frisket, data=(~frisket.array()).tobytes())
        return super().read(replace(job, buffers={**job.buffers, "selection": selection}))
