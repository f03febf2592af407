"""A headless Chromium, driven over the DevTools protocol: what a page shows, asks for and complains about."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from deploy.local import apt

PACKAGE = "chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # root has none, and the pages are ours
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing but this machine can be reached
    "--window-size=1400,1000",
    "--remote-debugging-port=0",
)
_STEP_SECONDS = 60.0


class NoBrowser(Exception):
    """None is installed, and only root on Debian can install one."""


async def installed_browser(folder: Path) -> str:
    """The program, installed first if need be. Raises NoBrowser or InstallFailed."""
    if not _found() and apt.can_install():
        await apt.install(PACKAGE, folder / "apt.log")
    program = _found()
    if program is None:
        raise NoBrowser("install chromium, or run as root on Debian or Ubuntu")
    return program


def _found() -> str | None:
    return next((path for path in map(shutil.which, _NAMES) if path), None)


@dataclass
class Page:
    """One tab. Everything it has asked for and complained about since it was opened is kept."""

    _connection: ClientConnection
    session: str = ""
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def open(self, url: str, *, until: str) -> None:
        await self.send("Page.navigate", url=url)
        await self.wait(until)

    async def wait(self, until: str) -> None:
        """Returns when the JavaScript expression is true; fails after a deadline."""
        async with asyncio.timeout(_STEP_SECONDS):
            while not await self.evaluate(until):
                await asyncio.sleep(0.05)

    async def evaluate(self, expression: str) -> Any:
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def click(self, selector: str) -> None:
        """Waits until there is such an element."""
        found = f"document.querySelector({selector!r})"
        await self.wait(f"{found} !== null")
        await self.evaluate(f"{found}.focus(), {found}.click()")

    async def type(self, text: str) -> None:
        """Into what has the focus."""
        await self.send("Input.insertText", text=text)

    async def press(self, key: str, code: int) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            await self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._connection.send(msgspec.json.encode(message).decode())
        async with asyncio.timeout(_STEP_SECONDS):
            told: dict[str, Any] = await answer
        assert "error" not in told, (method, told["error"])
        result: dict[str, Any] = told["result"]
        return result

    async def listen(self) -> None:
        async for text in self._connection:
            message = msgspec.json.decode(text)
            if "id" in message:
                self._waiting.pop(message["id"]).set_result(message)
            else:
                self._note(message["method"], message.get("params", {}))

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif _is_complaint(method, told):
            self.complaints.append(f"{method}: {told}")


def _is_complaint(method: str, told: dict[str, Any]) -> bool:
    if method == "Runtime.consoleAPICalled":
        return told["type"] in ("error", "warning", "assert")
    if method == "Audits.issueAdded":
        return told["issue"]["code"] != "GenericIssue"  # hints about forms; broken policies have a code of their own
    return method in ("Network.loadingFailed", "Runtime.exceptionThrown", "Log.entryAdded")


@asynccontextmanager
async def open_page(program: str, folder: Path) -> AsyncIterator[Page]:
    """An empty tab of a browser of its own, whose profile is in `folder`."""
    process = await asyncio.create_subprocess_exec(
        *(program, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", "about:blank"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    draining = None
    try:
        async with asyncio.timeout(_STEP_SECONDS):
            address = await _debugging_address(process)
        assert process.stderr is not None
        draining = asyncio.create_task(process.stderr.read())
        async with connect(address, max_size=None) as connection, asyncio.TaskGroup() as tasks:
            page = Page(connection)
            listening = tasks.create_task(page.listen())
            await _attach(page)
            yield page
            listening.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if draining is not None:
            await draining


async def _debugging_address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    async for line in process.stderr:
        said += line
        if line.startswith(b"DevTools listening on "):
            return line.removeprefix(b"DevTools listening on ").decode().strip()
    raise NoBrowser(f"the browser did not start: {said.decode(errors='replace')[-2000:]}")


async def _attach(page: Page) -> None:
    target = await page.send("Target.createTarget", url="about:blank")
    attached = await page.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    page.session = attached["sessionId"]
    for domain in ("Page", "Network", "Runtime", "Log", "Audits"):
        await page.send(f"{domain}.enable")
