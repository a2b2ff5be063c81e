"""Events to many subscribers: Freshet's WebSocket and stream beside nats-server and Redis, the same payload at the same rate."""

import json
import os
import resource
import shutil
import socket
import subprocess
import time

from lab import Failure, cpu_seconds, free_port, median, memory, wait_until
from servers import Freshet, call

SIZE = 200
NATS, REDIS = "nats", "redis"
# Subscribers, messages of a burst, messages a second of the steady flow, for how many seconds.
LOADS = ((1_000, 1_000, 50, 4), (5_000, 200, 10, 4))
SIDES = ("ws", "sse", NATS, REDIS)
IDLE = 10_000


def run(lab, report, quick):
    """Bursts as fast as they are taken, then a steady flow; all take turns, the order changing."""
    for tool in ("nats-server", "redis-server"):
        if not shutil.which(tool):
            raise Failure(f"{tool} is missing: scripts/bootstrap --bench installs it")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    client = lab.compile("client/fan.c", "-lpthread")
    for subscribers, burst, rate, seconds in LOADS:
        found = {}
        flows = (("burst", burst, 0), ("steady", rate * seconds, rate))
        for turn in range(2 if quick else 7):
            first = turn % len(SIDES)
            for side in [Side(lab, name) for name in SIDES[first:] + SIDES[:first]]:
                side.start()
                for flow, messages, pace in flows:
                    found.setdefault((flow, side.name), []).append(side.measure(client, subscribers, messages, pace))
                side.stop()
        _tell(report, found, subscribers, rate)
    _hold(lab, report, client, 1_000 if quick else IDLE)


def _tell(report, found, subscribers, rate):
    """Ratios of turns that stood beside each other."""
    def ratios(flow, figure, one, other):
        return [a[figure] / max(b[figure], 1) for a, b in zip(found[flow, one], found[flow, other])]

    def figures(flow, figure, *names):
        return " / ".join(f"{median([turn[figure] for turn in found[flow, name]]):,.0f}" for name in names)

    for name, words in (("ws", "WebSocket"), ("sse", "SSE")):
        for other in (NATS, REDIS):
            rated, late = (1.0, 1.5) if other == NATS else (None, None)
            samples = ratios("burst", "per_second", name, other)
            report.value("fanout", f"{subscribers:,} subscribers, {words} beside {other}, deliveries/s of a burst", median(samples), "x",
                         at_least=rated, samples=_short(samples),
                         note=figures("burst", "per_second", name, other) + " deliveries/s, first publish to last delivery")
            samples = ratios("steady", "p99_us", name, other)
            report.value("fanout", f"{subscribers:,} subscribers, {words} beside {other}, p99 at {rate} messages/s", median(samples), "x",
                         at_most=late, samples=_short(samples),
                         note=f"p50 {figures('steady', 'p50_us', name, other)} us, p99 {figures('steady', 'p99_us', name, other)} us, "
                         f"CPU of the server for a delivery {figures('steady', 'cpu_ns', name, other)} ns")


def _short(samples):
    return [round(sample, 2) for sample in samples]


class Side:
    """One server, on the server's core; clients and publisher on the other."""

    def __init__(self, lab, name):
        self.lab, self.name, self.token, self.freshet = lab, name, "", None

    def start(self):
        """Starts it and waits until it answers."""
        if self.name in ("ws", "sse"):
            self.freshet = Freshet(self.lab, f"fanout-{self.name}", "up:\n  base_url: http://127.0.0.1:1\n",
                                   'up.doc: { get: "/doc/{id}", max_age: PT2H }', self.lab.server_core).start()
            self.port, self.process = self.freshet.port, self.freshet.process
            status, _, answer = call(self.port, "POST", "/admin/tokens", {"name": "bench", "role": "operator"})
            if status != 201:
                raise Failure(f"no token: {status} {answer[:200]}")
            self.token = json.loads(answer)["token"]
            return
        self.port = free_port()
        command = ["nats-server", "-a", "127.0.0.1", "-p", str(self.port)] if self.name == NATS else [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", self.lab.make("fanout-redis")]
        self.process = self.lab.start(command, self.lab.server_core, self.name)
        wait_until(self._listens, 20, f"{self.name} did not start")

    def _listens(self):
        word = b"INFO" if self.name == NATS else b"+PONG"
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                if self.name == REDIS:
                    probe.sendall(b"PING\r\n")
                return probe.recv(64).startswith(word)
        except OSError:
            return False

    def measure(self, client, subscribers, messages, rate):
        """Everything has to arrive at everybody."""
        command = [client, self.name, str(self.port), str(subscribers), str(messages), str(rate), str(SIZE), self.token]
        with Client(self.lab, command) as running:
            used = cpu_seconds(self.process.pid)
            out = running.go()
        out["cpu_ns"] = (cpu_seconds(self.process.pid) - used) * 1e9 / max(out["delivered"], 1)
        if out["delivered"] != out["expected"] or out["closed"]:
            raise Failure(f"{self.name}: {out}")
        return out

    def stop(self):
        """Ends it and forgets what it kept."""
        self.lab.stop(self.process)
        if self.freshet:
            shutil.rmtree(self.lab.path(self.freshet.name), ignore_errors=True)


class Client:
    """A client that says when everybody is there, and waits for a word to begin."""

    def __init__(self, lab, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, lab.client_core))
        if self.process.stdout.readline() != "ready\n":
            raise Failure(f"{command[1]}: {self.process.stderr.read()[-300:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def go(self):
        """Lets it publish; what it counted."""
        out, error = self.process.communicate("go\n", timeout=180)
        if self.process.returncode:
            raise Failure(f"fan: {error[-300:]}")
        return json.loads(out.splitlines()[-1])


def _hold(lab, report, client, subscribers):
    """What idle subscribers cost, once everybody was pinged, which happens every 15 s."""
    side = Side(lab, "ws")
    side.start()
    empty = memory(side.process)["rss"]
    with Client(lab, [client, "ws", str(side.port), str(subscribers), "0", "0", str(SIZE), side.token]):
        time.sleep(20)
        used = memory(side.process)
    report.value("fanout", f"resident with {subscribers:,} idle subscribers of the WebSocket", used["rss"], "MB", at_most=300,
                 note=f"{empty:.0f} MB without them, {(used['rss'] - empty) * 1e6 / subscribers:,.0f} bytes each")
    side.stop()
