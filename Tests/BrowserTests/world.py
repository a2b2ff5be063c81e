"""Servers under test, and what is known of them."""

import asyncio
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request


class Failure(Exception):
    """A check that did not hold, in words."""


def check(holds, what):
    if not holds:
        raise Failure(what)


async def until(condition, what, limit=45.0):
    """Waits for a condition, which may be a coroutine function; its value is returned."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"not within {limit:g} s: {what}")
        await asyncio.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url, body=None):
    """The JSON of an answer, whatever its status; None while nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            return json.load(error)
        except ValueError:
            return None
    except (OSError, ValueError):
        return None


class Server:
    """`freshet mock oec` and a `freshet serve` that mirrors it."""

    def __init__(self, binary, folder, faults=(), options=""):
        self.binary, self.folder, self.faults, self.options = binary, folder, list(faults), options
        self.children = []
        os.makedirs(folder, exist_ok=True)

    def _start(self, name, *arguments):
        log = open(f"{self.folder}/{name}.log", "ab")
        environment = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
        child = subprocess.Popen(
            [self.binary, *arguments], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        self.children.append(child)
        return child

    async def start(self):
        self.mock = f"http://127.0.0.1:{(port := free_port())}"
        self._start("mock", "mock", "oec", "--port", str(port), *[part for fault in self.faults for part in ("--fault", fault)])
        await until(lambda: ask(self.mock + "/__mock/counters") is not None, "the mock answers")
        with open(f"{self.folder}/freshet.yaml", "w") as file:
            file.write(
                f'data_dir: ./data\nserver: {{ listen: "127.0.0.1:{free_port()}" }}\n'
                f'apps: {{ oec: {{ base_url: "{self.mock}"{self.options} }} }}\n'
            )
        await self.serve()
        return self

    async def serve(self):
        child = self._start("serve", "serve", "--config", "freshet.yaml")

        def address():
            check(child.poll() is None, f"freshet serve ended: {self.log()}")
            try:
                with open(f"{self.folder}/data/freshet.lock") as file:
                    holder = json.load(file)
            except (OSError, ValueError):
                return None
            return holder.get("url") if holder.get("pid") == child.pid else None

        self.url = await until(address, "freshet serve publishes its address", 30)
        self.page = self.url + "/apps/oec/"
        await until(lambda: ask(self.page + "health") is not None, "freshet serve answers", 30)
        self.child = child

    async def restart(self):
        """Kills the server, as a power cut would, and starts it again."""
        self.child.kill()
        self.child.wait()
        await self.serve()

    async def filled(self):
        """Waits until every value is real."""
        await until(lambda: (ask(self.page + "health") or {}).get("is_fallback") is False, "all values are real", 60)

    def mend(self):
        """The upstream answers from now on."""
        urllib.request.urlopen(urllib.request.Request(self.mock + "/__mock/faults", b"[]", {"Content-Type": "application/json"}), timeout=10)

    def log(self):
        with open(f"{self.folder}/serve.log", errors="replace") as file:
            return file.read()[-1500:]

    def stop(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.kill()
                child.wait()
