#!/usr/bin/env python3
"""Plays the game of the oec app in headless Chromium, against the real program with its mock upstream.

Usage: oec_page.py FRESHET [SCENARIO...]

Playwright speaks to Debian's Chromium over its debugging protocol: one browser process holds every player in a context of its own, which
two cores can carry, and needs neither a driver of exactly its version nor anything from the network.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
import traceback

from playwright.async_api import async_playwright

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scenarios  # noqa: E402
from world import Failure, Server  # noqa: E402


def chromium():
    names = [os.environ.get("FRESHET_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    return next(path for name in names if name and (path := shutil.which(name)))


async def run(name, scenario, world):
    began = time.monotonic()
    players = []
    try:
        await asyncio.wait_for(scenario(world, players), 170)
        for player in players:
            await player.is_clean()
        print(f"ok      {name} ({time.monotonic() - began:.0f} s)", flush=True)
        return True
    except (Exception, asyncio.TimeoutError) as error:
        print(f"FAILED  {name} ({time.monotonic() - began:.0f} s): {str(error) or type(error).__name__}", flush=True)
        if not isinstance(error, Failure):
            traceback.print_exc(file=sys.stdout)
        for player in players:
            if player.page and not player.page.is_closed():
                path = f"{world.pictures}/{name.replace(' ', '-')}-{player.name}.png"
                await player.page.screenshot(path=path, full_page=True)
                print(f"        {player.name}: {path}\n        said: {(await player.page.evaluate('watched.said'))[-4:]} problems: {player.problems}")
        return False
    finally:
        for player in players:
            if player.context:
                await player.context.close()


class World:
    pass


async def main(binary, wanted):
    world = World()
    scratch = tempfile.mkdtemp(prefix="freshet-browser-")
    world.pictures = os.environ.get("FRESHET_PICTURES") or scratch
    real = Server(binary, scratch + "/real")
    made_up = Server(binary, scratch + "/made-up", ["status=503"])
    empty = Server(binary, scratch + "/empty", ["status=503"], ", fallback: off")
    isGood = False
    try:
        await asyncio.gather(*[server.start() for server in (real, made_up, empty)])
        await real.filled()
        world.real, world.made_up, world.empty = real, made_up, empty
        # What may hold other players up until it has found its own.
        world.paired = asyncio.Event()
        async with async_playwright() as playwright:
            world.browser = await playwright.chromium.launch(
                executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
            )
            print(f"Chromium {world.browser.version}", flush=True)
            chosen = {name: scenario for name, scenario in scenarios.ALL.items() if not wanted or any(part in name for part in wanted)}
            if "two people play" not in chosen:
                world.paired.set()
            isGood = all(await asyncio.gather(*[run(name, scenario, world) for name, scenario in chosen.items()]))
            await world.browser.close()
    finally:
        for server in (real, made_up, empty):
            server.stop()
        if isGood or world.pictures != scratch:
            shutil.rmtree(scratch, ignore_errors=True)
    return isGood


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main(os.path.abspath(sys.argv[1]), sys.argv[2:])) else 1)
