"""Games by the thousand over WebSockets: right scores, how soon both players are told, and what they cost in memory."""

import json
import os
import subprocess
import sys

from lab import HERE, Failure, cpu_seconds, free_port, memory, wait_until
from servers import Freshet, call


class _Tables(Freshet):
    """A server of the game."""

    def configure(self, sources, datasets, server=""):
        """The app alone; `sources` is the upstream's URL."""
        self.config = self.lab.write(
            f"{self.name}/freshet.yaml", f'data_dir: ./data\nserver: {{ listen: "127.0.0.1:{self.port}" }}\nlogs: {{ level: warning }}\n'
            f'apps:\n  oec: {{ base_url: "{sources}" }}\n')

    def health(self):
        """How the app stands."""
        return json.loads(self.get("/apps/oec/health")[2])


class _Upstream:
    """`freshet mock oec`."""

    def __init__(self, lab):
        self.port = free_port()
        self.process = lab.start([lab.binary, "mock", "oec", "--port", str(self.port)], lab.both, "oec-mock")
        wait_until(self._answers, 20, "the mock did not start")

    def _answers(self):
        try:
            return self.calls() >= 0
        except OSError:
            return False

    def calls(self):
        """Calls that it has received."""
        return json.loads(call(self.port, "GET", "/__mock/counters")[2])["total"]

    def slow(self, seconds):
        """Lets every answer take its time."""
        status, _, answer = call(self.port, "POST", "/__mock/faults", [f"latency={seconds}s"])
        if status >= 300:
            raise Failure(f"the mock refused a fault: {answer[:200]}")


def run(lab, report, quick):
    """First with a quiet upstream, then while every product is fetched again and each answer takes 20 seconds."""
    count = int(os.environ.get("FRESHET_BENCH_GAMES", "50" if quick else "1000"))
    upstream = _Upstream(lab)
    tables = _Tables(lab, "games", f"http://127.0.0.1:{upstream.port}", "", lab.server_core).start()
    wait_until(lambda: tables.health()["origins"].get("upstream") == 132, 120, "not every value came")
    empty = memory(tables.process)["rss"]
    calls = upstream.calls()
    _play(lab, report, tables, count, 1, f"{count:,} games", empty)
    report.value("games", f"upstream calls by {count:,} games", upstream.calls() - calls, "calls", at_most=0)
    upstream.slow(20)
    status, _, answer = call(tables.port, "POST", "/apps/oec/admin/refresh-data?wait=0")
    if status >= 300:
        raise Failure(f"the refresh was refused: {answer[:200]}")
    _play(lab, report, tables, count, 2, f"{count:,} games during a refresh of 20 s an answer", empty)
    tables.stop()


def _play(lab, report, tables, count, seed, label, empty):
    """Bots on the other core play to the end; one wrong score is a failure."""
    busy = cpu_seconds(tables.process.pid)
    command = [sys.executable, "-B", os.path.join(HERE, "client/bots.py"), "127.0.0.1", str(tables.port), str(count),
               "--seed", str(seed), "--spread", str(max(2, count / 50)), "--limit", "400"]
    try:
        got = json.loads(lab.run(command, lab.client_core, timeout=500))
    except subprocess.TimeoutExpired as error:
        raise Failure("the bots did not come to an end") from error
    used = memory(tables.process)
    busy = (cpu_seconds(tables.process.pid) - busy) / got["seconds"]
    report.value("games", f"{label}: ended with the scores that the served values give", got["ended"], "games", at_least=count,
                 note=f"{got['messages']:,} messages in {got['seconds']:.0f} s; server {busy:.0%} of a core, "
                 f"bots {got['cpu_seconds'] / got['seconds']:.0%}")
    for name, words, goal in (("event", "a card is down until both are told", None),
                              ("resolve", "both cards are down until both are told the values", 10),
                              ("start", "the second joins until both have the first round", 100)):
        times = got["latency_ms"][name]
        report.value("games", f"{label}: {words}, p50", times["p50"], "ms", at_most=goal)
        report.value("games", f"{label}: {words}, p99", times["p99"], "ms", at_most=goal,
                     note=f"p99.9 {times['p999']} ms, highest {times['max']} ms, of {times['count']:,}")
    report.value("games", f"{label}: memory", used["rss"], "MB", note=f"{empty:.0f} MB before any, highest {used['peak']:.0f} MB")
