"""A browser with a player in front of it, who notices everything that a page may not do."""

import importlib.resources
import json
import os

from world import Failure, check, until

# What is said to screen readers, and what the policy of the page forbade, from the first moment on.
WATCH = """
window.watched = { said: [], violations: [], sockets: [] };
document.addEventListener("securitypolicyviolation", (event) =>
  watched.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("live");
  if (live) new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) watched.said.push(node.textContent);
  }).observe(live, { childList: true });
});
const Original = window.WebSocket;
window.WebSocket = class extends Original {
  constructor(...parts) { super(...parts); watched.sockets.push(this); }
};
"""

AXE = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text()

SMALL = """() => [...document.querySelectorAll("button, a[href], input, summary, [tabindex='0']")]
  .filter((control) => control.checkVisibility() && !control.closest(".skip"))
  .map((control) => [control, control.getBoundingClientRect()])
  .filter(([control, box]) => box.width < 43.9 || box.height < 43.9)
  .map(([control, box]) => `${control.tagName} ${control.textContent} ${box.width}x${box.height}`)"""


class Player:
    def __init__(self, name, browser, server):
        self.name, self.browser, self.server = name, browser, server
        self.problems, self.heard, self.allowed = [], [], []
        self.context = self.page = None

    async def arrive(self, width=1200, height=800, scheme="light", motion="no-preference", query=""):
        self.context = await self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion=motion
        )
        await self.context.add_init_script(WATCH)
        self.context.on("request", self._requested)
        if folder := os.environ.get("FRESHET_ASSETS"):
            # Scripts and styles as they are on disk: the page can be worked on without building the program.
            await self.context.route("**/page/*/*", lambda route: route.fulfill(path=f"{folder}/{route.request.url.rsplit('/', 1)[1]}"))
        return await self.open(query)

    async def open(self, query=""):
        """A tab of this browser; the last one is the player's."""
        page = await self.context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda line: line.type in ("error", "warning") and self._complain(line.text))
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("websocket", lambda socket: socket.on("framereceived", self._hear))
        self.page = page
        await page.goto(self.server.page + query)
        return self

    def _requested(self, request):
        address = request.url
        if not address.startswith((self.server.url + "/", self.server.url.replace("http", "ws", 1) + "/", "data:")):
            self._complain(f"asked for {address}")

    def _complain(self, text):
        if not any(part in text for part in self.allowed):
            self.problems.append(text)

    def _hear(self, frame):
        self.heard.append(json.loads(frame))

    def last(self, kind):
        """The server's last message of a type."""
        return next((message for message in reversed(self.heard) if message["type"] == kind), None)

    async def said(self, part):
        """Waits until a text was said to screen readers."""
        async def holds():
            return any(part in text for text in await self.page.evaluate("watched.said"))

        await until(holds, f"{self.name} hears: {part}")

    async def see(self, selector, limit=45):
        found = self.page.locator(selector).locator("visible=true").first
        await found.wait_for(timeout=limit * 1000)
        return found

    async def text(self, selector):
        return (await (await self.see(selector)).inner_text()).strip()

    async def click(self, name):
        await self.page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()

    async def focused(self):
        return await self.page.evaluate(
            """() => { const at = document.activeElement; const style = getComputedStyle(at);
            return { text: at.textContent.trim(), tag: at.tagName, kind: at.className, code: at.dataset.code ?? null,
              isVisible: at.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 }; }"""
        )

    # What a page must keep in every state.

    async def is_well(self, state):
        """Fits its window, has controls that fingers hit, and has nothing that axe finds wrong."""
        where = f"{self.name}, {state}"
        wide = await self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        check(wide[0] <= wide[1], f"{where}: {wide[0]} px wide in a window of {wide[1]}")
        small = await self.page.evaluate(SMALL)
        check(not small, f"{where}: too small to hit: {small}")
        if not await self.page.evaluate("typeof axe !== 'undefined'"):
            await self.page.evaluate(AXE + "; 0")
        found = await self.page.evaluate(
            """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map((violation) =>
            `${violation.id}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`)"""
        )
        check(not found, f"{where}: axe finds {found}")

    async def is_clean(self):
        """No error in the console, no request to others, nothing that the policy forbade."""
        for page in self.context.pages:
            self.problems += await page.evaluate("watched.violations")
        check(not self.problems, f"{self.name}: {self.problems}")

    # The game.

    async def name_is(self, name):
        await self.page.get_by_label("Your name").fill(name)

    async def in_round(self, number):
        await self.see(f"h1:has-text('Round {number} of 9')")
        await self.see(".card:not([aria-disabled])")

    async def hand(self):
        return await self.page.eval_on_selector_all(".card", "cards => cards.map((card) => card.dataset.code)")

    async def score(self):
        return await self.page.eval_on_selector_all(".score", "scores => scores.map((score) => Number(score.textContent))")

    async def play(self, place=0):
        """Plays a card by its place; returns its code."""
        cards = self.page.locator(".card:not([aria-disabled])")
        place = place % await cards.count()
        code = await cards.nth(place).get_attribute("data-code")
        await cards.nth(place).click()
        return code

    async def values_are_right(self, number):
        """The bars of a round are what the server told, and both cards are marked."""
        await self.see(".shown")
        told = await until(lambda: next((m for m in self.heard if m["type"] == "round_completed" and m["round_number"] == number), None), "the round is told")
        seat = self.last("game_found")["seat"]
        rows = await self.page.eval_on_selector_all(
            ".chart tbody tr",
            """rows => rows.map((row) => ({ name: row.querySelector(".name").textContent, badges: [...row.querySelectorAll(".badge")].map((badge) => badge.textContent),
            width: parseFloat(row.querySelector(".bar").style.inlineSize) }))""",
        )
        check([row["name"] for row in rows] == [value["country_name"] for value in told["values"]], f"{self.name}: the chart of round {number}: {rows}")
        check(len(rows) == 10, f"{self.name}: {len(rows)} bars")
        most = told["values"][0]["usd"] or 0
        for row, value in zip(rows, told["values"]):
            share = (value["usd"] or 0) / most * 100 if most else 0
            check(abs(row["width"] - share) <= 0.51, f"{self.name}: the bar of {row} should be {share} % wide")
            check(("You" in row["badges"]) == (seat in value["played_by"]), f"{self.name}: {row} is marked wrongly")
            check(len(row["badges"]) == len(value["played_by"]), f"{self.name}: {row} is marked wrongly")
        scores = [player["score"] for player in told["players"]]
        check(await self.score() == [scores[seat], scores[1 - seat]], f"{self.name}: score of round {number}")

    async def ended(self):
        """The score of the last screen, own first, which is the server's."""
        await self.see("h1:has-text('You win'), h1:has-text('You lose'), h1:has-text('A draw')", 30)
        shown = [int(part) for part in (await self.text(".final")).split(":")]
        told = self.last("game_ended")
        seat = self.last("game_found")["seat"]
        scores = [player["score"] for player in told["final_scores"]]
        check(shown == [scores[seat], scores[1 - seat]], f"{self.name}: shows {shown}, the server says {scores}, seat {seat}")
        rows = await self.page.locator(".rounds tbody tr").count()
        check(rows == 9, f"{self.name}: the last screen lists {rows} rounds")
        own = next((change for change in told["elo"] if change["player_id"] == self.last("player_created")["user_id"]), None)
        check(own is not None and str(own["after"]) in await self.text(".elo"), f"{self.name}: the rating, {own}")
        return shown
