"""The actor on a cluster that holds the dataset and returns its chunks on demand.

Ray Data runs only inside a cluster, not over a connection to a cluster. Chunks that were not asked for wait
in the object store. When the store is full, the stages wait, too. So no stage reads ahead without bound.
"""

from __future__ import annotations

import logging
import pickle
from typing import TYPE_CHECKING, Any

import ray.data

from qa.intake.distributed.stages import EmbedWindows, ReadFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qa.intake.distributed.stages import Job, Portion

# Share of a processor for each actor, so that a single free processor has room for both stages.
_SHARE = 0.5
# How often a portion or chunk is given to another actor after the death of its actor.
_RETRIES = 5


class Coordinator:
    """Hold a dataset of portions, and return their chunks in order."""

    def __init__(self, portions: Sequence[Portion], job: Job, processors: int) -> None:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        context.target_max_block_size = 1  # each chunk is a block, so a repeated portion has the same blocks
        rows = [{"portion": pickle.dumps(portion)} for portion in portions]
        dataset = ray.data.from_items(rows, override_num_blocks=len(rows)).flat_map(
            ReadFiles,
            fn_constructor_args=(job,),
            concurrency=(1, max(1, processors // 2)),
            num_cpus=_SHARE,
            max_task_retries=_RETRIES,
        )
        if job.encoder:
            dataset = dataset.map(
                EmbedWindows,  # type: ignore[arg-type]
                fn_constructor_args=(job,),
                concurrency=(1, max(1, processors - 1)),
                num_cpus=_SHARE,
                max_task_retries=_RETRIES,
            )
        blocks: Iterable[Any] = dataset.iter_batches(batch_size=None, batch_format="pyarrow")
        self._chunks: Iterator[bytes] = (row["chunk"] for block in blocks for row in block.to_pylist())

    def next(self) -> bytes | None:
        """Return the next chunk, pickled, or None after the last chunk."""
        return next(self._chunks, None)
