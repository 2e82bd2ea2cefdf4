"""The tick: what time brings about, every minute. Overlapping ticks do nothing twice: only one is at work."""

import logging
import os
import socket
from collections.abc import Callable
from types import MappingProxyType

from yipanqi_web.actions import custody, deadlines, inbox, tasks
from yipanqi_web.jobs import backup

log = logging.getLogger(__name__)

#: Topic of the outbox → the task it orders.
ORDERS = {custody.BACKUP_WANTED: backup.order}
#: The steps in their order; each is a transaction of its own or several.
STEPS: MappingProxyType[str, Callable[[], dict[str, int]]] = MappingProxyType(
    {
        "deadlines": deadlines.pass_deadlines,
        "revive": tasks.revive,
        "orders": lambda: {"ordered": tasks.hand_out(ORDERS)},
        "deliver": inbox.deliver,
        "seal": lambda: {"sealed": custody.seal_all()},
        "sweep": lambda: {"swept": custody.sweep_files()},
        "heads": lambda: {"heads": int(custody.export_heads())},
    }
)


def tick() -> dict[str, int] | None:
    """One round; counts by word, ``failed_steps`` among them. Null: another tick is at work.

    A step that fails is written to the log and holds up no other.
    """
    with tasks.alone("tick") as free:
        if not free:
            return None
        done = {"failed_steps": 0}
        for name, step in STEPS.items():
            try:
                done |= step()
            except Exception:
                log.exception("step %s of the tick failed", name)
                done["failed_steps"] += 1
        tasks.beat("tick", "tick", done)
    return done


def process_name(kind: str) -> str:
    """A name for this process that no other has."""
    return f"{kind}-{socket.gethostname()[:30]}-{os.getpid()}"
