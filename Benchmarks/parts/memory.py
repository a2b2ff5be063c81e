"""What 100,000 documents held hot cost in memory, and how soon a full store answers."""

import time

from lab import Failure, body, memory
from servers import Freshet, Mock, call

SIZE = 2_000
PACKED = ["Accept-Encoding: gzip"]


def run(lab, report, quick):
    """Fills, reads everything, looks; then starts again over the full store."""
    count = 10_000 if quick else 100_000
    mock = Mock(lab, "memory", {"/doc/{id}": body(SIZE, "memory")}, lab.both)
    source = f"up:\n  base_url: {mock.url}\n"
    freshet = Freshet(lab, "memory", source, 'up.doc: { get: "/doc/{id}", max_age: PT2H }', lab.both).start()
    empty = memory(freshet.process)["rss"]
    targets = lab.write("memory.txt", "".join(f"/v1/up/doc/{key}\n" for key in range(1, count + 1)))
    freshet.fill(targets, count)
    freshet.warm(targets)
    _hold(report, freshet, count, targets, f"{count:,} documents of 2 KB hot, in the process that fetched them", empty)
    _hold(report, freshet, count, targets, "the same, all read compressed too", empty, PACKED)
    freshet.stop()
    _starts(lab, report, freshet, count, 3 if quick else 7)
    freshet.start()
    freshet.warm(targets)
    _hold(report, freshet, count, targets, f"{count:,} documents of 2 KB hot, after a restart", empty)
    _hold(report, freshet, count, targets, "the same, all read compressed too, after a restart", empty, PACKED)
    freshet.stop()
    mock.stop()


def _hold(report, freshet, count, targets, label, empty, headers=()):
    """All of them must be in memory and answered by the lane, else the figure means nothing."""
    before = freshet.total("freshet_lane_reads_total")
    freshet.warm(targets, headers)
    answered, held = freshet.total("freshet_lane_reads_total") - before, freshet.total("freshet_catalog_documents")
    if answered < count or held < count:
        raise Failure(f"memory: {held:.0f} of {count} held, {answered:.0f} answered by the lane")
    used = memory(freshet.process)
    report.value("memory", label, used["rss"], "MB", at_most=450,
                 note=f"{empty:.0f} MB when empty, highest {used['peak']:.0f} MB, "
                 f"{(used['rss'] - empty) * 1e6 / count:.0f} bytes a document")


def _starts(lab, report, freshet, count, repetitions):
    """From the start of the process to the first answer, after an orderly end and after kill -9."""
    for how, label in ((15, "an orderly end"), (9, "kill -9")):
        for turn in range(repetitions):
            freshet.start()
            freshet.stop(how)
            key = 1 + turn * 7919 % count
            began = time.monotonic()
            freshet.process = lab.start([lab.binary, "serve", "--config", freshet.config], freshet.cores, "memory")
            while True:
                try:
                    status, _, answer = call(freshet.port, "GET", f"/v1/up/doc/{key}", timeout=5)
                    break
                except OSError:
                    if time.monotonic() - began > 30:
                        raise Failure("no answer within 30 s of start") from None
                    time.sleep(0.002)
            took = time.monotonic() - began
            if status != 200 or len(answer) != SIZE:
                raise Failure(f"the first answer was {status} with {len(answer)} bytes")
            freshet.stop()
            report.sample("memory", f"start to first answer, {count:,} documents, after {label}", took, "s", at_most=1.0)
