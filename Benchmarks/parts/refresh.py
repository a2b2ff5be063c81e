"""The refresh road: documents from a local upstream into the store, without any limit, on two cores."""

import os
import signal
import time

from lab import body, cpu_seconds, machine_cpu, thread_seconds, wait_until
from servers import Freshet, Mock, Nginx

SIZE = 2_000


def run(lab, report, quick):
    """New documents, then the same keys with other content; the queue is full before the clock starts."""
    count, repetitions = (4_000, 1) if quick else (20_000, 3)
    targets = lab.write("refresh.txt", "".join(f"/v1/up/doc/{key}\n" for key in range(1, count + 1)))
    for turn in range(repetitions):
        mock = Mock(lab, f"refresh-{turn}", {"/doc/{id}": body(SIZE, "refresh")}, lab.both)
        _measure(lab, report, f"refresh-mock-{turn}", mock, targets, count, "new documents from freshet mock").stop()
        mock.stop()
        nginx = Upstream(lab, f"refresh-nginx-{turn}")
        freshet = _measure(lab, report, f"refresh-nginx-{turn}", nginx, targets, count, "new documents from nginx")
        _again(lab, report, freshet, nginx, targets, count)
        freshet.stop()
        nginx.stop()


class Upstream:
    """An nginx that answers every fetch with other content."""

    def __init__(self, lab, name):
        self.nginx = Nginx.changing(lab, name, SIZE, lab.both)
        self.url, self.stop = self.nginx.url, self.nginx.stop

    def freeze(self):
        """Lets calls wait without an answer."""
        os.kill(self.nginx.worker(), signal.SIGSTOP)

    def thaw(self):
        """Goes on."""
        os.kill(self.nginx.worker(), signal.SIGCONT)


def _measure(lab, report, name, upstream, targets, count, label):
    source = f"up:\n  base_url: {upstream.url}\n  timeout: PT120S\n"
    freshet = Freshet(lab, name, source, 'up.doc: { get: "/doc/{id}", max_age: PT2H }', lab.both).start()
    upstream.freeze()
    freshet.sweep(targets, connections=32, cores=lab.both)
    _run_down(report, freshet, upstream, count, label)
    return freshet


def _again(lab, report, freshet, upstream, targets, count):
    """Readers that want it younger than it is: every key is queued, and comes with other content."""
    upstream.freeze()
    # A document's readers ask for it once in 30 s at most, and the first sweep may be younger.
    time.sleep(31)
    freshet.sweep(targets, connections=32, headers=["Cache-Control: no-cache"], cores=lab.both)
    wait_until(lambda: _waiting(freshet) >= count - 20, 60, "the wishes were not queued")
    _run_down(report, freshet, upstream, count, "changed documents from nginx")


def _waiting(freshet):
    samples = freshet.metrics()
    return sum(value for name, value in samples.items()
               if name.startswith(("freshet_queue_ready{", "freshet_queue_leased{")))


def _run_down(report, freshet, upstream, count, label):
    """Lets the upstream go on and times until the queue is empty."""
    before, threads = freshet.refreshed(), thread_seconds(freshet.process.pid)
    cpu, (busy, idle), began = cpu_seconds(freshet.process.pid), machine_cpu(), time.monotonic()
    upstream.thaw()
    wait_until(lambda: freshet.refreshed() - before >= count, 100, "the queue did not run empty", every=0.1)
    seconds = time.monotonic() - began
    used = cpu_seconds(freshet.process.pid) - cpu
    busy, idle = machine_cpu()[0] - busy, machine_cpu()[1] - idle
    by_thread = {name: value - threads.get(name, 0) for name, value in thread_seconds(freshet.process.pid).items()}
    rate = count / seconds
    top = sorted(((value, name) for name, value in by_thread.items()), reverse=True)[:4]
    split = ", ".join(f"{name} {value / seconds:.0%}" for value, name in top if value / seconds >= 0.02)
    report.sample(
        "refresh", label, rate, "documents/s", at_least=2_000,
        note=f"cores used: freshet {used / seconds:.2f}, all {busy / seconds:.2f}, idle {idle / seconds:.2f}; "
        f"{used / count * 1e6:.0f} us of CPU a document; threads: {split}")
