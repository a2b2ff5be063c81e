#!/usr/bin/env python3
"""Opens the page at / in headless Chromium, against the real program with a mock upstream that comes and goes.

Usage: home_page.py FRESHET
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

from playwright.async_api import async_playwright

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import Failure, check, free_port, until  # noqa: E402

CONFIG = """
data_dir: ./data
server: {{ listen: "127.0.0.1:{port}", reads: {reads} }}
sources:
  clash:
    base_url: {mock}/v1
    auth: {{ bearer: ["first-key-of-two", "second-key-of-two"] }}
    limits: [ {{ scope: key, calls: 40, per: PT1S }} ]
    retry: {{ attempts: 2, initial: PT1S, multiplier: 1, max: PT1S }}
    breaker: {{ failures: 2, probe_every: PT5S }}
datasets:
  clash.clan: {{ get: "/clans/{{tag}}", key: {{ tag: clash_tag }}, max_age: PT1S, refresh: {{ every: PT2S, for: [UV0YR2Q8] }} }}
"""
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""
PLACES = """() => [...document.querySelectorAll("#now, #figures, #charts, #columns, #sources article")]
  .map((part) => Math.round(part.getBoundingClientRect().top + scrollY))"""


def send(url, method="GET", body=None, token=None):
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def answers(url):
    try:
        send(url)
        return True
    except OSError:
        return False


class Server:
    """A `freshet mock clash`, and a `freshet serve` that mirrors it."""

    def __init__(self, binary, folder, reads="open"):
        self.binary, self.folder, self.children = binary, folder, []
        os.makedirs(folder)
        self.mock = f"http://127.0.0.1:{free_port()}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with open(f"{folder}/freshet.yaml", "w") as file:
            file.write(CONFIG.format(port=self.port, mock=self.mock, reads=reads))

    def _start(self, name, *arguments):
        log = open(f"{self.folder}/{name}.log", "ab")
        child = subprocess.Popen([self.binary, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.children.append(child)
        return child

    async def start(self):
        self._start("mock", "mock", "clash", "--port", self.mock.rsplit(":", 1)[1], "--change-every", "PT2S")
        await until(lambda: answers(self.mock + "/__mock/counters"), "the mock answers")
        await self.serve()

    async def serve(self):
        self.child = self._start("serve", "serve", "--config", "freshet.yaml")
        await until(lambda: answers(self.url + "/livez"), "freshet answers")

    def kill(self):
        self.child.kill()
        self.child.wait()

    def stop(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                child.wait()


class Viewer:
    """A tab, and what it may not do."""

    def __init__(self, page, server):
        self.page, self.server, self.problems, self.asked = page, server, [], []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._requested)

    def _requested(self, request):
        self.asked.append(request)
        if not request.url.startswith(self.server.url + "/"):
            self.problems.append(f"asked {request.url}")

    async def text(self, selector):
        return await self.page.text_content(selector) or ""

    async def says(self, selector, words, limit=45.0):
        async def holds():
            return words in await self.text(selector)

        try:
            await until(holds, f"{selector} says {words}", limit)
        except Failure as failure:
            raise Failure(f"{failure}; it says: {(await self.text(selector))[:300]}") from None

    async def clean(self):
        self.problems += await self.page.evaluate("violations")
        check(not self.problems, f"problems: {self.problems}")


async def visit(browser, server, **options):
    context = await browser.new_context(**options)
    await context.add_init_script(WATCH)
    page = await context.new_page()
    viewer = Viewer(page, server)
    await page.goto(server.url + "/")
    return viewer


async def lives(browser, server):
    """Numbers and events come by themselves, an outage is told with its reason and next step, and its end, too."""
    viewer = await visit(browser, server, viewport={"width": 1400, "height": 900})
    await viewer.says("#live-word", "live")
    await viewer.says("#now", "clash takes calls")
    await viewer.says("#news", "dataset.updated")
    first = await viewer.page.get_attribute("#news li", "id")
    await until(lambda: changed(viewer.page, first), "a newer event is on top", 30)
    check(await viewer.page.locator("#news li a[href^='/v1/why/clash/clan/']").count() > 0, "events link to why")
    send(server.mock + "/__mock/down", "POST")
    await viewer.says("#now", "clash down", 60)
    await viewer.says("#source-clash .facts", "next: sends one probe at")
    await viewer.says("#source-clash .facts", "since")
    await viewer.says(".datasets .failing", "ago")
    check("▲" in await viewer.page.title(), "the title tells of it")
    send(server.mock + "/__mock/up", "POST")
    await viewer.says("#now", "clash takes calls", 60)
    await viewer.says("#budgets", "2 of 2 keys in use")
    check("first-key" not in await viewer.page.content(), "no secret is shown")
    await viewer.clean()


async def changed(page, first):
    return await page.get_attribute("#news li", "id") != first


async def loses(browser, server):
    """A server that is away is told at once, nothing moves, and it goes on by itself without losing or doubling events."""
    viewer = await visit(browser, server, viewport={"width": 1400, "height": 900})
    await viewer.says("#live-word", "live")
    await viewer.says("#news", "dataset.updated")
    before = await viewer.page.evaluate(PLACES)
    server.kill()
    await viewer.says("#lost", "Not live since", 20)
    check(await viewer.page.evaluate(PLACES) == before, "the layout stays where it is")
    check("not live" in await viewer.page.title(), "the title tells of it")
    await server.serve()
    await viewer.says("#live-word", "live", 30)
    await until(lambda: silent(viewer), "the notice goes", 30)
    ids = await viewer.page.eval_on_selector_all("#news li", "(items) => items.map((item) => item.id)")
    offsets = [int(one.rsplit(":", 1)[1]) for one in ids]
    check(offsets == sorted(set(offsets), reverse=True), f"each event once, newest first: {offsets}")
    check(offsets == list(range(offsets[0], offsets[0] - len(offsets), -1)), f"none is missing: {offsets}")
    await viewer.clean()


async def silent(viewer):
    return await viewer.text("#lost") == ""


async def asks_little(browser, server):
    """One stream, one question in five seconds, most of them answered 304, none from a hidden tab; focus stays where it is."""
    viewer = await visit(browser, server, viewport={"width": 390, "height": 844}, color_scheme="dark")
    await viewer.says("#live-word", "live")
    check(await viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than a phone")
    await viewer.page.focus(".datasets a")
    viewer.asked.clear()
    await asyncio.sleep(12)
    boards = [one for one in viewer.asked if one.url.endswith("/home/board")]
    streams = [one for one in viewer.asked if "/v1/events" in one.url]
    check(1 <= len(boards) <= 3 and not streams, f"{len(boards)} boards and {len(streams)} streams in 12 s")
    check(await viewer.page.evaluate("document.activeElement.matches('.datasets a')"), "focus stays")
    await viewer.page.evaluate("""Object.defineProperty(document, "hidden", { get: () => true });
        document.dispatchEvent(new Event("visibilitychange"))""")
    await asyncio.sleep(1)
    viewer.asked.clear()
    await asyncio.sleep(7)
    check(not viewer.asked, f"a hidden tab asks nothing: {[one.url for one in viewer.asked]}")
    await viewer.clean()


async def stands_still(browser, server):
    """Without JavaScript the page has the same numbers."""
    viewer = await visit(browser, server, java_script_enabled=False)
    for words in ("clash takes calls", "Without JavaScript", "dataset.updated", "2 of 2 keys in use"):
        check(words in await viewer.text("body"), f"the page says {words}")


async def asks_for_a_token(browser, server):
    """Where reads need a token, the page shows no data before it has one, keeps it in the tab, and shows by role."""
    admin = json.loads(send(server.url + "/admin/tokens", "POST", {"name": "a", "role": "admin"}))["token"]
    reader = json.loads(send(server.url + "/admin/tokens", "POST", {"name": "r", "role": "reader"}, admin))["token"]
    viewer = await visit(browser, server)
    await viewer.says("#access-note", "Reads need a token here")
    check(await viewer.page.locator("#news, .datasets").count() == 0, "nothing is shown without a token")
    await viewer.says("#now", "clash takes calls")
    await viewer.page.fill("#token", "fr_wrong")
    await viewer.page.keyboard.press("Enter")
    await viewer.says("#access-note", "does not know this token")
    await viewer.page.fill("#token", reader)
    await viewer.page.keyboard.press("Enter")
    await viewer.says("#news", "dataset.updated")
    await viewer.says("#budgets", "Shown to a token of role operator")
    first = await viewer.page.get_attribute("#news li", "id")
    await until(lambda: changed(viewer.page, first), "events come with a token", 30)
    await viewer.page.fill("#token", admin)
    await viewer.page.keyboard.press("Enter")
    await viewer.says("#budgets", "2 of 2 keys in use")
    check(all(reader not in one.url and admin not in one.url for one in viewer.asked), "no token is in an address")
    await viewer.page.click("#forget")
    await viewer.says("#access-note", "Reads need a token here")
    check(await viewer.page.locator("#news").count() == 0, "a forgotten token shows nothing")
    await viewer.clean()


async def main(binary):
    folder = tempfile.mkdtemp(prefix="freshet-home-")
    opened, closed = Server(binary, f"{folder}/open"), Server(binary, f"{folder}/token", reads="token")
    failed = False
    try:
        await asyncio.gather(opened.start(), closed.start())
        async with async_playwright() as playwright:
            path = os.environ.get("FRESHET_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
            browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
            for scenario, server in ((lives, opened), (stands_still, opened), (asks_little, opened), (loses, opened),
                                     (asks_for_a_token, closed)):
                began = time.monotonic()
                try:
                    await asyncio.wait_for(scenario(browser, server), 200)
                    print(f"ok      {scenario.__name__} ({time.monotonic() - began:.0f} s)", flush=True)
                except (Exception, asyncio.TimeoutError) as error:
                    failed = True
                    print(f"FAILED  {scenario.__name__} ({time.monotonic() - began:.0f} s): {error or type(error).__name__}", flush=True)
                    if not isinstance(error, Failure):
                        traceback.print_exc(file=sys.stdout)
            await browser.close()
    finally:
        opened.stop()
        closed.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(os.path.abspath(sys.argv[1]))))
