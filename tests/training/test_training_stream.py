"""The stream of batches depends on the seed and the number of the batch, and on nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tiny_source import FailingSource, TinySource

from matteplug.errors import TrainingError
from matteplug.training.data.stream import BatchPlan, BatchStream

PLAN = BatchPlan(2, (32, 64))


@pytest.mark.parametrize("start", [0, 5])
def test_workers_deliver_in_order_what_one_thread_makes(start: int) -> None:
    expected = [TinySource().batch(i, PLAN) for i in range(start, start + 6)]
    with BatchStream(TinySource(), PLAN, start=start, workers=2) as stream:
        batches = list(itertools.islice(stream, 6))
    for batch, wanted in zip(batches, expected, strict=True):
        assert batch.keys() == wanted.keys()
        for name in wanted:
            np.testing.assert_array_equal(batch[name], wanted[name])


def test_sizes_take_turns_and_keep_the_pixels_level() -> None:
    plan = BatchPlan(8, (256, 384))
    assert [plan.at(i) for i in range(3)] == [(8, 256), (4, 384), (8, 256)]
    assert BatchPlan(1, (256, 512)).at(1) == (1, 512)


@pytest.mark.parametrize("sizes", [(64,), (64, 96), (64, 32, 96)])
@pytest.mark.parametrize("shards", [1, 2, 3])
def test_crops_are_counted_shard_by_shard(sizes: tuple[int, ...], shards: int) -> None:
    plan = BatchPlan(8, sizes)
    for index in range(20):
        earlier = range(index % shards, index, shards)
        assert plan.before(index, shards) == sum(plan.at(i)[0] for i in earlier)


def test_a_failing_worker_is_an_error_with_its_reason() -> None:
    with BatchStream(FailingSource(), PLAN, workers=1) as stream:
        batches = iter(stream)
        next(batches)
        next(batches)
        with pytest.raises(TrainingError) as caught:
            next(batches)
    assert "photograph 17 is damaged" in caught.value.hint


def test_closing_ends_the_workers() -> None:
    stream = BatchStream(TinySource(), PLAN, workers=2)
    next(iter(stream))
    processes = [process for process, _ in stream._workers]
    stream.close()
    assert all(process.exitcode is not None for process in processes)
