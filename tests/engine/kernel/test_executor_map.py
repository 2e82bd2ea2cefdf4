"""One function over many items: the same answers here, in processes and on a cluster; a dead worker costs only time."""

import os
import pickle
import signal
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from clusters import Cluster, cluster
from engine.kernel import work
from yipanqi.kernel import executor
from yipanqi.kernel.executor import Dask, Executor, Exhausted, Limit, Processes, Refused, Serial

needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="the extra [cluster] is not installed")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("dask")) as made:
        yield made


@pytest.fixture(params=["serial", "processes", pytest.param("dask", marks=needs_dask)])
def anywhere(request: pytest.FixtureRequest) -> Executor:
    if request.param == "dask":
        return Dask(request.getfixturevalue("dask").address)
    return {"serial": Serial(), "processes": Processes(2)}[request.param]


@pytest.fixture(params=["processes", pytest.param("dask", marks=needs_dask)])
def elsewhere(request: pytest.FixtureRequest) -> Executor:
    return Dask(request.getfixturevalue("dask").address) if request.param == "dask" else Processes(2)


def test_answers_keep_the_order_of_the_items(anywhere: Executor) -> None:
    assert executor.map(abs, [9, -3, 7, -1, 0, 4, -8, 4], executor=anywhere) == [9, 3, 7, 1, 0, 4, 8, 4]


def test_no_items_give_no_answers(anywhere: Executor) -> None:
    assert executor.map(abs, [], executor=anywhere) == []


def test_the_exception_of_the_first_item_that_fails_is_raised_as_it_is(anywhere: Executor) -> None:
    with pytest.raises(ValueError, match=r"^5 is odd$"):
        executor.map(work.half, [4, 5, 7, 2], executor=anywhere)


def test_an_item_that_fails_leaves_the_others_their_answers(anywhere: Executor) -> None:
    found = sorted(executor.ended(work.half, [4, 5, 2], executor=anywhere), key=lambda one: one.index)
    assert [(one.result, str(one.error)) for one in found] == [(2, "None"), (None, "5 is odd"), (1, "None")]


def test_an_exception_that_cannot_travel_arrives_with_its_text(elsewhere: Executor) -> None:
    with pytest.raises(RuntimeError, match=r"RulebookError: town/x\.yaml"):
        executor.map(work.untravelable, [1], executor=elsewhere)


def test_costs_stand_beside_the_answer(anywhere: Executor) -> None:
    (one,) = executor.ended(work.half, [4], executor=anywhere)
    assert one.result == 2
    assert one.cost is not None
    assert (one.cost.seconds >= 0, one.cost.peak_bytes > 2**23, ":" in one.cost.worker) == (True, True, True)


def test_work_is_done_by_several_workers_of_one_thread(elsewhere: Executor) -> None:
    assert len(set(executor.map(work.worker_of, range(8), executor=elsewhere))) == 2
    assert executor.map(work.threads, [0], executor=elsewhere) == [1]


def test_a_killed_worker_changes_nothing(elsewhere: Executor, tmp_path: Path) -> None:
    note = tmp_path / "died"
    items = [("", 1), (str(note), 2), ("", 3), ("", 4)]
    assert executor.map(work.die_once, items, executor=elsewhere) == [1, 4, 9, 16]
    assert note.exists()


def test_a_worker_killed_while_idle_is_replaced() -> None:
    told = executor.ended(work.worker_of, range(3), executor=Processes(1))
    first = next(told).answer()
    os.kill(first, signal.SIGKILL)
    time.sleep(0.5)  # the pool has seen it
    later = [one.answer() for one in told]
    assert len(later) == 2
    assert first not in later


def test_without_another_try_the_killed_worker_would_have_cost_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "DEATHS", 1)
    with pytest.raises(Exhausted) as caught:
        executor.map(work.die_once, [("", 1), (str(tmp_path / "died"), 2)], executor=Processes(2))
    assert caught.value.reason == Limit.CRASH


def test_an_item_that_kills_every_worker_is_given_up_and_the_others_are_answered(elsewhere: Executor) -> None:
    found = sorted(executor.ended(work.die, [1, -2, 3], executor=elsewhere), key=lambda one: one.index)
    assert [one.result for one in found] == [1, None, 3]
    assert isinstance(found[1].error, Exhausted)


def test_the_edition_changes_with_what_decides_an_answer() -> None:
    assert executor.edition() == executor.edition.__wrapped__()
    assert executor.edition().startswith("0.")


def reason(address: str) -> str:
    with pytest.raises(Refused) as caught:
        executor.map(work.half, [2], executor=Dask(address))
    assert pickle.loads(pickle.dumps(caught.value.message)) == caught.value.message
    return caught.value.message.id


@pytest.mark.parametrize("address", ["", "localhost", "http://127.0.0.1:8786", "tcp://127.0.0.1", "tcp://a b:1"])
def test_an_address_must_be_one(address: str) -> None:
    assert reason(address) == "executor.address"


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert reason("tcp://127.0.0.1:8786") == "executor.no_extra"


@needs_dask
@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named() -> None:
    assert reason("tcp://127.0.0.1:9") == "executor.silent"


@needs_dask
@pytest.mark.slow
def test_a_cluster_without_workers_is_named(tmp_path: Path) -> None:
    with cluster(tmp_path, workers=0) as empty:
        assert reason(empty.address) == "executor.no_worker"


@needs_dask
def test_a_worker_of_several_threads_is_refused(tmp_path: Path) -> None:
    with cluster(tmp_path, workers=0) as wide:
        wide.add_worker("--nthreads", "2", folder=tmp_path)
        assert reason(wide.address) == "executor.threads"


@needs_dask
def test_a_worker_with_another_engine_is_refused(tmp_path: Path) -> None:
    shadow = tmp_path / "sitecustomize.py"
    shadow.write_text("import importlib.metadata as m\nfound = m.version\n"
                      "m.version = lambda name: '9.9' if name == 'yipanqi' else found(name)\n")  # fmt: skip
    with cluster(tmp_path, workers=0) as other:
        other.add_worker(folder=tmp_path, path=str(tmp_path))
        assert reason(other.address) == "executor.other_edition"
