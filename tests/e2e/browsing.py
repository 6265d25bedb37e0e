"""A browser window that remembers everything a console must not do: errors, and requests to other machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

from tests.e2e.running import Running

# What a browser writes by itself when a server answers with an error that the journey asked for.
# Chromium, typing into a text editor, itself writes a style attribute into the line: refused, and without effect.
_BY_THE_BROWSER = "Applying inline style violates"
_ASKED_FOR = ("Failed to load resource", "WebSocket connection to")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


@dataclass
class Window:
    """One person's browser: ``page`` is what they see."""

    context: BrowserContext
    page: Page
    host: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # answers of 500 and above

    async def go(self, path: str) -> None:
        """Open a page of the console and wait until it shows something."""
        await self.page.goto(f"http://{self.host}{path}")
        await self.settled()

    async def walk(self, path: str) -> None:
        """Go to a page as a click on a link does, without loading the console anew."""
        await self.page.evaluate(
            "p => { history.pushState(null, '', p); dispatchEvent(new PopStateEvent('popstate')) }", path
        )
        await self.settled()

    async def settled(self) -> None:
        await self.page.wait_for_selector(".page, .trends, .sql, .signin", timeout=15_000)
        await expect(self.page.locator(".waiting")).to_have_count(0, timeout=15_000)

    def watch(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.text.startswith(_BY_THE_BROWSER) and any(
            one in self.page.url for one in ("/sql", "/connect", "/types")
        ):
            return
        if message.type in ("error", "warning") and not message.text.startswith(_ASKED_FOR):
            self.errors.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme not in ("data", "blob") and where.netloc != self.host:
            self.strangers.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.broken.append(f"{response.status} {response.url}")


async def window(
    browser: Browser,
    platform: Running,
    *,
    password: str | None = None,
    language: str = "en",
    theme: str = "light",
    width: int = 1440,
    height: int = 900,
) -> Window:
    """Open a window, signed in when a password is given."""
    context = await browser.new_context(
        base_url=platform.url,
        viewport={"width": width, "height": height},
        locale="zh-CN" if language == "zh" else "en-GB",
        timezone_id="Asia/Shanghai",
        accept_downloads=True,
        permissions=["clipboard-read", "clipboard-write"],
        has_touch=width < 600,
    )
    await context.add_init_script(
        f"if (!localStorage['baigong.theme']) {{ localStorage['baigong.theme'] = '{theme}';"
        f" localStorage['baigong.language'] = '{language}' }}"
    )
    if password is not None:
        answer = await context.request.post("/api/v1/session", data={"user": "admin", "password": password})
        assert answer.ok, await answer.text()
        kept = await context.request.put(
            "/api/v1/language", data={"language": language}, headers={"X-Baigong": "1"}
        )  # it stays with the person: another window may have chosen another
        assert kept.ok, await kept.text()
    page = await context.new_page()
    page.set_default_timeout(15_000)
    made = Window(context, page, platform.host)
    made.watch()
    return made
