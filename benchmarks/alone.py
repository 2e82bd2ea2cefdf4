"""One measurement in a process of its own: on one core, with one thread, its memory its own."""

import os
import pickle
from typing import Any

from yipanqi.kernel.executor import apart

_MINUTES = 30
_MEMORY = 8 << 30


def alone(task: str, argument: Any) -> Any:
    """What the function named ``"module:function"`` returns, in a fresh process that has one core to itself."""
    limits = {"cpu_s": 60 * _MINUTES, "memory_bytes": _MEMORY, "wall_s": 60 * _MINUTES}
    return apart("benchmarks.alone:_pinned", (task, pickle.dumps(argument)), **limits)


def _pinned(call: tuple[str, bytes]) -> Any:
    import importlib

    task, argument = call  # pickled twice: the first is read before our modules can be found
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    module, _, function = task.partition(":")
    return getattr(importlib.import_module(module), function)(pickle.loads(argument))
