"""Journeys: a served installation of its own, and Debian's chromium in front of it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
PASSWORD = "chess-board-2026"
CHROMIUM = shutil.which("chromium")
ARGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
        "--disable-background-networking"]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All journeys are slow; without a browser they are left out, except where tests must be whole."""
    for item in items:
        if HERE not in item.path.parents:
            continue
        item.add_marker(pytest.mark.slow)
        if CHROMIUM is None and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason="no chromium on this machine (apt-get install chromium)"))


@dataclass
class House:
    """A served installation: where it is, what is in it, and its browser."""

    address: str
    there: dict[str, Any]
    browser: Browser
    errors: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def open(self, size: tuple[int, int] = (1366, 768), scheme: str = "light") -> Page:
        """A new browser window that nobody is signed in to."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale="zh-CN", base_url=self.address
        )
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._told)
        return page

    def _told(self, message: Any) -> None:
        # The browser itself reports answers that are errors; journeys meet those on purpose.
        if message.type == "error" and "status of 4" not in message.text:
            self.errors.append(message.text)

    def sign_in(self, name: str, password: str = PASSWORD, **how: Any) -> Page:
        """A window of somebody signed in."""
        page = self.open(**how)
        page.goto("/login/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", password)
        page.click("main button")
        page.wait_for_url(lambda url: "/login/" not in url)
        return page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session."""
    with sync_playwright() as player:
        made = player.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield made
        made.close()


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Callable[[str], House]]:
    """The served installation of a profile, made when first asked for."""
    made: dict[str, House] = {}
    servers: list[subprocess.Popen[bytes]] = []

    def house(profile: str) -> House:
        if profile in made:
            return made[profile]
        environment = {**os.environ, "YIPANQI_HOME": str(tmp_path_factory.mktemp(profile)),
                       "YIPANQI_NOW": "2026-06-30T09:00", "DJANGO_SETTINGS_MODULE": "yipanqi_web.settings"}  # fmt: skip
        environment.pop("DATABASE_URL", None)
        command = str(Path(sys.executable).with_name("yipanqi"))
        subprocess.run([command, "migrate"], env=environment, check=True, capture_output=True)
        told = subprocess.run(
            [sys.executable, str(HERE / "stage.py"), profile], env=environment, check=True, stdout=subprocess.PIPE
        ).stdout
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        servers.append(
            subprocess.Popen([command, "serve", "--bind", f"127.0.0.1:{port}"], env=environment,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )  # fmt: skip
        made[profile] = House(f"http://127.0.0.1:{port}", json.loads(told.splitlines()[-1]), browser)
        _wait(made[profile].address, servers[-1])
        return made[profile]

    yield house
    for server in servers:
        server.terminate()
        server.wait(20)


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"{address}/health/", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer within a minute")


def _lent(house: House) -> Iterator[House]:
    house.errors.clear()
    yield house
    for context in house.contexts:
        context.close()
    house.contexts.clear()
    assert house.errors == []


@pytest.fixture
def jiading(houses: Callable[[str], House]) -> Iterator[House]:
    """The installation under Jiading's profile; a test fails on any error of its pages' scripts or policy."""
    yield from _lent(houses("jiading"))


@pytest.fixture
def pudong(houses: Callable[[str], House]) -> Iterator[House]:
    """The installation under Pudong's profile."""
    yield from _lent(houses("pudong"))
