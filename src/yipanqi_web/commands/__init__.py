"""The shell's commands, registered under ``yipanqi.commands``."""

from yipanqi_web.commands.archive import backup, restore, verify
from yipanqi_web.commands.demo import demo_server
from yipanqi_web.commands.record import audit, createadmin, load, migrate
from yipanqi_web.commands.run import serve, tick, worker

__all__ = [
    "audit", "backup", "createadmin", "demo_server", "load", "migrate", "restore", "serve", "tick", "verify", "worker",
]  # fmt: skip
