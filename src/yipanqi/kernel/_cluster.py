"""The executor's back room for Dask: connect, hand out, take back, with all of Dask's peculiarities in one place.

Parcels are bytes made and opened by the executor, so that Dask neither looks into items nor packs them its own way.
Only two for each worker are on their way at a time: a scheduler keeps in memory whatever it was given.
"""

import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from typing import Any

from yipanqi.kernel.executor import Refused, carry, edition
from yipanqi.kernel.findings import Message, Scalar

_ADDRESS = re.compile(r"(tcp|tls)://([^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")
#: How long a scheduler may take to answer, and how many times that long it may be without any worker.
_ANSWER_S, _PATIENCE = 10.0, 6


def carried(address: str, parcels: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Each parcel's answer as it comes, None where too many workers died over it (``allowed-failures``).

    Raises:
        Refused: no extra, a wrong address, no scheduler, no worker, workers of another edition or of several threads.
    """
    waiting = enumerate(parcels)
    with _connected(address) as client:
        running: dict[Any, int] = {}

        def hand_out(workers: int) -> None:
            for index, parcel in islice(waiting, max(2 * workers - len(running), 0)):
                # Not pure: two equal parcels are two tasks, and none is mistaken for one of an earlier run.
                running[client.submit(stamped, parcel, pure=False)] = index

        hand_out(_checked(client, address))
        while running:
            for future in _finished(client, list(running), address):
                answer = _taken(future)
                yield running.pop(future), answer
            hand_out(max(len(client.nthreads()), 1))


def stamped(parcel: bytes) -> tuple[str, bytes]:
    """The worker's side: its edition, and what came of the parcel."""
    return edition(), carry(parcel)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler, closed at the end."""
    if not _ADDRESS.fullmatch(address):
        raise _refused("address", address=address)
    try:
        from distributed import Client
    except ImportError as error:
        raise _refused("no_extra") from error
    with _quiet():
        try:
            client = Client(address, timeout=_ANSWER_S, set_as_default=False)  # type: ignore[no-untyped-call]
        except OSError as error:
            raise _refused("silent", address=address) from error
        with client:
            yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own warnings and log lines kept from the user: every log has a level of its own, set when it is imported.

    Versions are compared here anyway, parcels may be large, and a worker's death is mended, not reported.
    """
    logs = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


def _checked(client: Any, address: str) -> int:
    """The number of workers, once there is one and all are fit: of our edition and of one thread.

    Raises:
        Refused: they are not.
    """
    try:
        client.wait_for_workers(1, timeout=_ANSWER_S)
    except TimeoutError as error:
        raise _refused("no_worker", address=address) from error
    threads: Mapping[str, int] = client.nthreads()
    for worker, count in sorted(threads.items()):
        if count != 1:
            raise _refused("threads", worker=worker, threads=count)
    for worker, found in sorted(client.run(edition, on_error="return").items()):
        _same_edition(found if isinstance(found, str) else f"{type(found).__name__}: {found}", worker)
    return len(threads)


def _same_edition(theirs: str, worker: str) -> None:
    if theirs != edition():
        raise _refused("other_edition", worker=worker, theirs=theirs, ours=edition())


def _finished(client: Any, running: list[Any], address: str) -> list[Any]:
    """The futures that have come to an end, at least one; waits as long as there is a worker."""
    from distributed import wait

    alone = 0
    while alone < _PATIENCE:
        try:
            with client.as_current():
                done = wait(running, _ANSWER_S, "FIRST_COMPLETED").done  # type: ignore[no-untyped-call]
            return sorted(done, key=lambda future: str(future.key))
        except TimeoutError:
            alone = 0 if client.nthreads() else alone + 1
        except CancelledError as error:
            raise _refused("lost", address=address) from error
    raise _refused("no_worker", address=address)


def _taken(future: Any) -> bytes | None:
    """What the worker sent back; None where too many died."""
    from distributed.scheduler import KilledWorker

    error = future.exception()
    if isinstance(error, KilledWorker):
        return None
    if error is not None:  # the function's own exceptions are in the parcel: this worker could not even open it
        raise _refused("failed", problem=f"{type(error).__name__}: {error}")
    theirs, parcel = future.result()
    _same_edition(theirs, "")
    return bytes(parcel)


def _refused(reason: str, **params: Scalar) -> Refused:
    return Refused(Message(f"executor.{reason}", params))
