"""Declared limits as the upstream counts them, and how soon a critical refresh goes before a long queue."""

import datetime
import time

from lab import body, median, wait_until
from servers import Freshet, Mock

LIMITS = ["key:40/1s", "account:900/10s", "endpoint=/slow/*:20/1s"]
SOURCE = """
up:
  base_url: {url}
  auth: {{ bearer: [key-1, key-2, key-3, key-4] }}
  limits:
    - {{ scope: key, calls: 40, per: PT1S }}
    - {{ scope: account, calls: 900, per: PT10S }}
"""
SLOW = ", limits: [{ scope: endpoint, calls: 20, per: PT1S }]"


def run(lab, report, quick):
    """Saturation, then latency."""
    content = {"/doc/{id}": body(2_000, "limits"), "/slow/{id}": body(2_000, "limits")}
    _saturate(lab, report, content, 20 if quick else 60)
    _overtake(lab, report, content, 8 if quick else 40)


def _dataset(name, path, priority, count, more=""):
    keys = ", ".join(f"k{number}" for number in range(count))
    return (f'up.{name}: {{ get: "/{path}/{{id}}", max_age: PT2H, '
            f"refresh: {{ every: PT12H, for: [{keys}], priority: {priority} }}{more} }}\n")


def _saturate(lab, report, content, seconds):
    """More work than the windows allow; the documents behind the tightest window go first when they may."""
    mock = Mock(lab, "limits", content, lab.client_core, LIMITS)
    work = _dataset("doc", "doc", "high", 120 * seconds) + _dataset("slow", "slow", "critical", 30 * seconds, SLOW)
    freshet = Freshet(lab, "limits", SOURCE.format(url=mock.url), work, lab.server_core).start()
    wait_until(lambda: mock.counters()["total"] > 0, 20, "no call was made")
    began, before = time.monotonic(), mock.counters()["total"]
    time.sleep(seconds)
    elapsed, counters = time.monotonic() - began, mock.counters()
    calls = counters["total"] - before
    report.value("limits", f"windows exceeded in {elapsed:.0f} s of saturation", counters["violations"], "", at_most=0,
                 note=", ".join(f"{limit['rule']} {limit['subject']}: {limit['max_in_window']} at most"
                                for limit in counters["limits"]))
    report.value("limits", "share of the binding window used (900 in 10 s)", calls / (90 * elapsed), "", at_least=0.95,
                 note=f"{calls} calls in {elapsed:.1f} s")
    slow = next((limit["total"] for limit in counters["limits"] if "slow" in limit["rule"]), 0)
    report.value("limits", "share of the endpoint's window used (20 in 1 s)", slow / (20 * elapsed), "")
    freshet.stop()
    mock.stop()


def _overtake(lab, report, content, probes):
    """Critical refreshes while 10,000 low ones wait: from the request to the arrival at the upstream."""
    mock = Mock(lab, "overtake", content, lab.client_core, LIMITS)
    freshet = Freshet(lab, "overtake", SOURCE.format(url=mock.url), _dataset("doc", "doc", "low", 10_000),
                      lab.server_core).start()
    wait_until(lambda: mock.counters()["total"] > 20, 30, "no call was made")
    # The first window may be sent at once; the pace after it is what a critical refresh has to live with.
    time.sleep(12)
    waiting = freshet.total("freshet_queue_ready", priority="low")
    delays = []
    for number in range(probes):
        asked = time.time()
        freshet.refresh("up", "doc", f"critical{number}", "critical")
        path = f"/doc/critical{number}"
        record = []

        def arrived():
            record[:] = [r for r in mock.control("GET", "requests?limit=40") if r["path"] == path]
            return record

        wait_until(arrived, 10, "a critical refresh did not start", every=0.02)
        moment = datetime.datetime.fromisoformat(record[0]["time"].replace("Z", "+00:00")).timestamp()
        delays.append((moment - asked) * 1000)
        time.sleep(0.1 + number % 7 * 0.013)
    interval = 10_000 / 900
    report.value("limits", "critical refresh before 10,000 low ones, slowest", max(delays), "ms", at_most=interval + 50,
                 samples=[round(delay, 1) for delay in sorted(delays)],
                 note=f"median {median(delays):.1f} ms; {waiting:.0f} low ones waited; one token is {interval:.1f} ms")
    freshet.stop()
    mock.stop()
