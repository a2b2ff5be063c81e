"""Reads with the upstream healthy against reads with it dead."""

import time

from lab import body, median, wait_until
from servers import Freshet, Mock

KEYS = READS = 10_000
CONNECTIONS = 32


def run(lab, report, quick):
    """Two mirrors of the same documents; the upstream of one dies, and they are read by turns."""
    content = {"/doc/{id}": body(2_000, "outage")}
    targets = lab.write("outage.txt", "".join(f"/v1/up/doc/{key}\n" for key in range(1, KEYS + 1)))
    mirrors = {}
    for name in ("healthy", "dead"):
        # In the dead one every document is stale and wants a refresh: the worst case.
        dataset = f'up.doc: {{ get: "/doc/{{id}}", max_age: {"PT2H" if name == "healthy" else "PT1S"} }}'
        mock = Mock(lab, f"outage-{name}", content, lab.client_core)
        freshet = Freshet(
            lab, f"outage-{name}", f"up:\n  base_url: {mock.url}\n", dataset, lab.both, "threads: 1").start()
        freshet.fill(targets, KEYS)
        freshet.stop()
        freshet.cores = lab.server_core
        if name == "dead":
            mock.control("POST", "down")
        mock.control("POST", "reset")
        freshet.start()
        freshet.warm(targets)
        mirrors[name] = (freshet, mock)
    died = time.monotonic()
    (healthy, _), (dead, mock) = mirrors["healthy"], mirrors["dead"]

    def is_open():
        dead.sweep(targets, CONNECTIONS)
        return dead.total("freshet_breaker_state", source="up") == 2

    wait_until(is_open, 20, "the breaker did not open", every=0.5)
    opened, calls_at_opening = time.monotonic(), mock.counters()["total"]

    pairs, statuses = [], {}
    for turn in range(3 if quick else 5):
        got = {}
        order = ("healthy", "dead") if turn % 2 else ("dead", "healthy")
        for name in order:
            got[name] = mirrors[name][0].sweep(targets, CONNECTIONS, READS, seed=turn + 1)
        pairs.append((got["healthy"]["p99_us"], got["dead"]["p99_us"]))
        for status, count in got["dead"]["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
        statuses["failed"] = statuses.get("failed", 0) + got["dead"]["failed"]
    not_good = sum(count for status, count in statuses.items() if status != "200")
    report.value("outage", "p99, dead / healthy upstream, median of pairs", median([b / a for a, b in pairs]), "x",
                 at_most=1.25, samples=[round(b / a, 3) for a, b in pairs],
                 note=f"p99 {median([a for a, _ in pairs]):.0f} / {median([b for _, b in pairs]):.0f} us")
    report.value("outage", f"answers other than 200 of {sum(statuses.values()):,} reads while dead", not_good, "",
                 at_most=0)
    time.sleep(0 if quick else max(0.0, 35 - (time.monotonic() - opened)))
    elapsed, calls = time.monotonic() - opened, mock.counters()["total"] - calls_at_opening
    report.value("outage", f"upstream calls in {elapsed:.0f} s of open breaker", calls, "", at_most=1 + int(elapsed // 30),
                 note=f"{calls_at_opening} calls opened it within {opened - died:.1f} s")
    if not quick:
        _recovery(report, dead, mock)
    for freshet, upstream in mirrors.values():
        freshet.stop()
        upstream.stop()


def _recovery(report, freshet, mock):
    before = freshet.refreshed() + freshet.total("freshet_refreshes_total", outcome="not-modified")
    mock.control("POST", "up")

    def refreshes():
        done = freshet.refreshed() + freshet.total("freshet_refreshes_total", outcome="not-modified")
        return done - before > 5

    report.value("outage", "recovery after it returns", wait_until(refreshes, 60, "no recovery"), "s", at_most=35)
