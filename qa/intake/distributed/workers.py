"""The Ray client of `pullquote index --workers`: send files to the workers, and receive the results."""

from __future__ import annotations

import os
import pickle
import secrets
import shlex
import socket
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from qa.errors import InputError, MissingExtraError, WorkersError
from qa.intake.distributed.stages import Chunk, Job, Portion, difference, versions
from qa.intake.folders import refusal
from qa.intake.make import FileReading, FromFile, Reported
from qa.places import ServerAddress, shown
from qa.schema import FileResult
from qa.storage.intake_values import ReadDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from embeddings.models import EncoderIdentity
    from qa.formats.reading import InputFile
    from qa.intake.make import PlannedFile, Step
    from qa.intake.plan import FilePlan
    from qa.places import LibraryAddress

LOCAL = "local"
# Files of one dataset. Their plans are in memory together, and the actors start and end with the dataset.
_DATASET = 10_000
# Most files of a portion, and their bytes.
_PORTION, _PORTION_BYTES = 32, 4_000_000
# How often in a row a dataset that fails is begun again without progress.
_ATTEMPTS = 3
# Bytes of shared memory, for `local`.
_OBJECT_STORE = 500_000_000
# Seconds: how often a wait for an answer checks whether the run has ended, how long a node may take to report
# its versions, and how long a cluster may take to accept a connection.
_GLANCE, _ANSWERS, _REACHED = 0.5, 120.0, 10.0
# How often this client asks a cluster for a server, and Ray's message if the server has ended at once.
_CONNECTIONS, _NOT_STARTED = 4, "Starting Ray client server failed"
# The port of Ray's server for clients if the address has none.
_PORT = 10001
_AGAIN = "The files that were indexed stay: run the same command again to go on from there"


class Workers:
    """Actors that read, segment and embed files, on the cores of this machine (`local`) or on a cluster.

    Raises:
        InputError: the address is not valid.
        MissingExtraError: Ray is not installed.
        WorkersError: there is no cluster, or its versions differ from this program's.
    """

    def __init__(self, address: str, library: LibraryAddress) -> None:
        if address != LOCAL and (not address.startswith("ray://") or set(address) & set("@?#")):
            raise InputError(f"{shown(address)} does not name workers: write local, or ray://HOST:PORT")
        _set_environment(address)
        try:
            import ray.data
        except ImportError as error:
            raise MissingExtraError(
                f"--workers needs packages that are not installed ({error.name}): "
                "pip install 'pullquote[cluster]'"
            ) from error
        self._ray: Any = ray
        self._address = address
        # Workers have another current folder. On a cluster, a folder may be another one.
        folder = library.absolute() if isinstance(library, Path) and address == LOCAL else None
        self._library = folder if isinstance(library, Path) else library
        self._asking = threading.Lock()
        self._closed = False
        self._checked = False
        self._opened = ExitStack()
        with ExitStack() as opening:
            if address != LOCAL:
                away = f"there is no Ray cluster at {address}, or it refuses this program"
                opening.enter_context(_initialised(ray, away, address=address))
            elif not ray.is_initialized():  # otherwise the calling program has started Ray itself
                opening.enter_context(_local(ray))
            self._processors = int(self._ray.cluster_resources().get("CPU", 0))
            self._opened = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the actors. If Ray was started for them, end Ray, too."""
        self._closed = True
        with self._asking:  # wait until no thread waits for an answer
            self._opened.close()

    def read(
        self,
        files: Iterator[PlannedFile],
        read_here: Callable[[PlannedFile], Iterator[Step]],
        plan: Callable[[InputFile], FilePlan],
        encoder: EncoderIdentity | None,
    ) -> Iterator[Step]:
        """Yield what files give, in order, each document with its passages and vectors.

        `read_here` reads a file in this process. `plan` plans again how to read a file. Without an encoder,
        nothing is segmented.

        Raises:
            WorkersError: the cluster has failed repeatedly.
        """
        puts = bool(encoder) and isinstance(self._library, ServerAddress)
        job = Job(encoder, self._library if encoder else None, versions(encoder), puts)
        self._check(job)
        while dataset := list(islice(files, _DATASET)):
            portions = _portions(dataset)
            chunks = self._chunks([portion for portion in portions if portion.number >= 0], job)
            for portion in portions:
                if portion.number < 0:
                    yield from read_here(portion.files[0])
                else:
                    yield from self._given(portion, chunks, read_here, plan)

    def _given(
        self,
        portion: Portion,
        chunks: Iterator[Chunk],
        read_here: Callable[[PlannedFile], Iterator[Step]],
        plan: Callable[[InputFile], FilePlan],
    ) -> Iterator[Step]:
        """Yield what the files of a portion give."""
        readings = [FileReading(planned.plan) for planned in portion.files]
        ended: set[int] = set()
        state = None
        for chunk in chunks:
            state = state or chunk.state
            for file_item in chunk.items if chunk.state == state else ():
                planned, reading = portion.files[file_item.file], readings[file_item.file]
                match file_item.item:
                    case ReadDocument():
                        yield FromFile(file_item.item, reading, file_item.read, prepared=file_item.prepared)
                    case FileResult():
                        yield Reported(file_item.item, file_item.read)
                    case FileReading():
                        reading.add(file_item.item)
                        yield reading
                    case InputError() if os.path.exists(planned.plan.file.path):  # noqa: PTH110
                        reading.refused.append(refusal(planned.plan.known.path, file_item.item))
                        yield Reported(reading.refused[-1], file_item.read)
                        yield reading
                    case InputError():  # the file no longer exists here either
                        yield from read_here(planned)
                if not isinstance(file_item.item, ReadDocument | FileResult):
                    ended.add(file_item.file)
            if chunk.is_last:
                break
        # A worker died, and the files had changed when they were read again.
        for index, planned in enumerate(portion.files):
            if index not in ended:
                yield from read_here(replace(planned, plan=plan(planned.plan.file)))

    def _chunks(self, portions: list[Portion], job: Job) -> Iterator[Chunk]:
        """Yield the chunks of portions in order, each once, even if actors and nodes die meanwhile."""
        at, failed = (0, 0), 0
        while at[0] < len(portions):
            error: Exception
            try:
                for chunk in self._dataset(portions[at[0] :], job):
                    if chunk.error:
                        raise chunk.error
                    position = (chunk.portion, chunk.number)
                    if position < at:
                        continue
                    if position > at:
                        break
                    yield chunk
                    at = (at[0] + 1, 0) if chunk.is_last else (at[0], at[1] + 1)
                    failed = 0
                error = WorkersError("a part of it was lost")
            except self._ray.exceptions.RayError as lost:
                error = lost
            except ConnectionError as away:
                raise WorkersError(
                    f"the Ray cluster at {self._address} is away: {_first_line(away)}. {_AGAIN}"
                ) from away
            if at[0] < len(portions) and (failed := failed + 1) > _ATTEMPTS:
                raise WorkersError(
                    f"the Ray cluster has failed {failed} times on the same files: {_first_line(error)}. "
                    f"{_AGAIN}"
                ) from error

    def _dataset(self, portions: list[Portion], job: Job) -> Iterator[Chunk]:
        """Let the actors read portions, and yield what they have read as it comes."""
        from qa.intake.distributed.coordinator import Coordinator

        # Run on the head node. The cluster cannot live without it, and the death of another node costs only
        # actors.
        on_head = self._ray.remote(Coordinator).options(
            num_cpus=0, resources={"node:__internal_head__": 0.001}
        )
        sent = [_absolute(portion) for portion in portions]
        coordinator = on_head.remote(sent, job, self._processors)
        try:
            while (chunk := self._get(coordinator.next.remote())) is not None:
                yield pickle.loads(chunk)  # noqa: S301 -- from our own actors
        finally:
            with suppress(Exception):  # the cluster may be away
                self._ray.kill(coordinator)

    def _get(self, asked: Any) -> Any:
        """Wait for an answer in short steps, so that `close` need not wait for the answer."""
        while True:
            with self._asking:
                if self._closed:
                    raise WorkersError("the run has ended")
                with suppress(self._ray.exceptions.GetTimeoutError):
                    return self._ray.get(asked, timeout=_GLANCE)

    def _check(self, job: Job) -> None:
        """Check that each node has the same versions as this program."""
        if self._checked:
            return
        ray = self._ray
        has_answered = False
        for node in ray.nodes():
            if not node["Alive"]:
                continue
            on_node = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
                node["NodeID"], soft=False
            )
            remote_versions = ray.remote(versions).options(
                num_cpus=0, scheduling_strategy=on_node, max_retries=0
            )
            name = node["NodeManagerHostname"]
            try:
                answer = ray.get(remote_versions.remote(job.encoder), timeout=_ANSWERS)
            except ray.exceptions.GetTimeoutError as error:
                raise WorkersError(
                    f"the node {name} of the Ray cluster started no worker within {_ANSWERS:.0f} s: check "
                    "that it is not overloaded, and read Ray's logs there"
                ) from error
            except (ray.exceptions.TaskUnschedulableError, ray.exceptions.NodeDiedError):
                continue  # the node has died since
            except ray.exceptions.RayError as error:
                raise WorkersError(
                    f"Pullquote cannot run on the node {name} of the Ray cluster: {_first_line(error)}. "
                    f"Install pullquote[cluster] {job.versions['Pullquote']} there"
                ) from error
            if wrong := difference(job.versions, answer):
                raise WorkersError(
                    f"the node {name} of the Ray cluster has {wrong}: install the same there as here"
                )
            has_answered = True
        if not has_answered:
            raise WorkersError(f"no node of the Ray cluster at {self._address} answers. {_AGAIN}")
        self._checked = True


def _set_environment(address: str) -> None:
    """Set the variables that Ray reads at import: no usage reports, and no access for the network."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address == LOCAL and "ray" not in sys.modules:  # a program that has imported Ray has set them itself
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _reach(address: str) -> None:
    """Check that a server listens at an address. Ray itself would try for half a minute.

    Raises:
        OSError: no server listens.
        ValueError: the port is not valid.
    """
    at = urlsplit(address)
    socket.create_connection((at.hostname or "", at.port or _PORT), _REACHED).close()


def _connect(ray: Any, **options: Any) -> None:
    """Start Ray or connect to a cluster. Try again if the cluster did not start a server for this client.

    The cluster forks this server while gRPC's threads run. In that case the server sometimes ends at once:
    https://github.com/ray-project/ray/issues/63202.
    """
    for left in reversed(range(_CONNECTIONS)):
        try:
            ray.init(**options)
        except Exception as error:  # Ray raises many kinds
            if not left or _NOT_STARTED not in str(error):
                raise
            ray.shutdown()
        else:
            return


@contextmanager
def _local(ray: Any) -> Iterator[None]:
    """Start Ray on this machine, for this user only, and remove the files that it leaves."""
    with (
        TemporaryDirectory(prefix="pq", ignore_cleanup_errors=True) as folder,
        TemporaryDirectory() as empty,
        _initialised(
            ray,
            "Ray cannot be started on this machine",
            address="local",
            num_cpus=os.cpu_count(),
            object_store_memory=_OBJECT_STORE,
            include_dashboard=False,
            _temp_dir=str(Path(folder) / "ray"),  # Ray lets everybody write into this folder
            # Without a working_dir, workers would import modules from the current folder, whoever wrote them.
            # Ray starts workers by a shell, which would split a path to Python at a blank.
            runtime_env={"working_dir": empty, "py_executable": shlex.quote(sys.executable)},
        ),
    ):
        yield


@contextmanager
def _initialised(ray: Any, failed: str, **options: Any) -> Iterator[None]:
    """Connect to Ray until the block ends. `failed` begins the message if this fails."""
    if ray.is_initialized():
        raise WorkersError("this process already uses another Ray: end the other Ray first (ray.shutdown())")
    try:
        try:
            if options["address"] != LOCAL:
                _reach(options["address"])
            _connect(ray, **options, log_to_driver=False, logging_level="ERROR")
        except Exception as error:  # Ray raises many kinds
            raise WorkersError(f"{failed}: {_first_line(error)}. See docs/cluster.md, “Workers”") from error
        yield
    finally:
        ray.shutdown()


def _portions(files: Iterable[PlannedFile]) -> list[Portion]:
    """Group files for one actor each. A file that only this process can read is alone, with number -1."""
    portions: list[Portion] = []
    group: list[PlannedFile] = []
    number = 0

    def end() -> None:
        nonlocal number
        if group:
            portions.append(Portion(number, tuple(group)))
            group.clear()
            number += 1

    for file in files:
        if file.plan.rows:
            end()
            portions.append(Portion(-1, (file,)))
            continue
        group.append(file)
        if len(group) >= _PORTION or group[-1].end - group[0].start >= _PORTION_BYTES:
            end()
    end()
    return portions


def _absolute(portion: Portion) -> Portion:
    """Make paths absolute for other processes. Messages still show the paths as they are here."""

    def absolute(planned: PlannedFile) -> PlannedFile:
        file = planned.plan.file
        if file.remote:
            return planned
        root = file.root and file.root.absolute()
        file = replace(file, path=file.path.absolute(), root=root, shown_as=file.shown)
        return replace(planned, plan=replace(planned.plan, file=file))

    return replace(portion, files=tuple(map(absolute, portion.files)))


def _first_line(error: BaseException) -> str:
    """Return the last line of Ray's error, which is the message. Lines before it are the worker's trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
