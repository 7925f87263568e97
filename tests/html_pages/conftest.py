"""A chromium without a window, over its debugging protocol, for the tests of pages."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from structkit.html_pages import HTMLPage

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
START_SECONDS = 120
MODIFIERS = {"Alt": 1, "Ctrl": 2, "Shift": 8}
KEY_CODES = {"Tab": 9, "Enter": 13, "Escape": 27}
"""Keys for which the browser itself does something."""


def find_chromium() -> str | None:
    """Return the path of an installed browser."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def open_chromium(profile: Path) -> Iterator[str]:
    """Start a browser, and yield the address of its debugging protocol."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
    program = [str(find_chromium()), *options, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{_wait_for_port(profile / 'DevToolsActivePort')}"
    finally:
        process.kill()
        process.wait()


def _wait_for_port(path: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while not (path.exists() and path.read_text(encoding="utf-8").strip()):
        if time.monotonic() > deadline:
            raise TimeoutError("chromium has not started")
        time.sleep(0.05)
    return path.read_text(encoding="utf-8").splitlines()[0]


class Tab:
    """A page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[dict[str, Any]] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return dict(message["result"])
            self.events.append(message)

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; it is JSON."""
        reply = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    async def open(self, url: str) -> None:
        """Open an address, and wait until it is drawn."""
        for domain in ("Page", "Runtime", "Log", "Audits", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)  # a tab in the background has no focus
        # before any script of the page: what runs against its policy is remembered
        source = "window.reports = []; document.addEventListener('securitypolicyviolation', e => reports.push(e.violatedDirective))"
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=source)
        await self.call("Page.navigate", url=url)
        await self.evaluate(
            "new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))"
        )

    async def press(self, keys: str) -> None:
        """Press a key, such as `j` or `Alt+ArrowUp`."""
        *modifiers, key = keys.split("+") if len(keys) > 1 else [keys]
        sent = {"key": key, "modifiers": sum(MODIFIERS[name] for name in modifiers)}
        sent |= {"windowsVirtualKeyCode": KEY_CODES[key]} if key in KEY_CODES else {}
        text = "" if modifiers else "\r" if key == "Enter" else key if len(key) == 1 else ""
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **sent)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **sent)

    @property
    def problems(self) -> list[str]:
        """What the browser has reported: errors, and what it has refused."""
        methods = ("Runtime.exceptionThrown", "Log.entryAdded", "Audits.issueAdded", "Page.javascriptDialogOpening")
        return [json.dumps(event) for event in self.events if event["method"] in methods]

    @property
    def requests(self) -> list[str]:
        """The addresses that were requested."""
        return [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory):
    if find_chromium() is None:
        pytest.skip("chromium is not installed, so the page is not opened in it")
    with open_chromium(tmp_path_factory.mktemp("chromium")) as url:
        yield url


@pytest.fixture
def visit(browser: str, tmp_path: Path) -> Callable[[HTMLPage | str, Callable[[Tab], Awaitable[Any]]], Any]:
    """Open a page, or an address, in the browser, and return what a function does with it."""

    def run(page: HTMLPage | str, use: Callable[[Tab], Awaitable[Any]]) -> Any:
        path = tmp_path / "page.html"
        if isinstance(page, HTMLPage):
            page.save(str(path))

        async def open_tab() -> Any:
            async with aiohttp.ClientSession() as session:
                async with session.put(f"{browser}/json/new?about:blank") as reply:
                    address = json.loads(await reply.text())["webSocketDebuggerUrl"]
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    tab = Tab(socket)
                    await tab.open(page if isinstance(page, str) else path.as_uri())
                    return await use(tab)

        return asyncio.run(open_tab())

    return run
