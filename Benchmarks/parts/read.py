"""The read lane against nginx serving the same bytes from files, one core each."""

import os
import signal
import time

from lab import body
from load import BROWSER, costed, duel, wrk
from servers import Freshet, Mock, Nginx, call

SIZES = {"300 B": ("s300", 300), "2 KB": ("s2k", 2_000), "20 KB": ("s20k", 20_000)}
KEYS = 10_000
REFRESHED = 100

FIXED = "fixed:\n  base_url: {url}\n"
LIVE = "live:\n  base_url: {url}\n"
DATASETS = "".join(f'fixed.{name}: {{ get: "/{name}/{{id}}", max_age: PT2H }}\n' for name, _ in SIZES.values())


def run(lab, report, quick):
    """Measures all cases."""
    repetitions, seconds = (2, 1) if quick else (9, 1)
    freshet, files, kept, pace = _prepare(lab)

    def compare(name, path, headers=(), their_headers=None, limits=None, note="", reference=files):
        theirs = headers if their_headers is None else their_headers
        duelled = duel(
            lambda: costed(freshet.process.pid, lambda: wrk(lab, freshet.url + path, seconds, headers)),
            lambda: costed(reference.worker(), lambda: wrk(lab, reference.url + path, seconds, theirs)), repetitions)
        report.compare("read", name, duelled, limits or {}, note)

    goal = {"ratio": 1.0, "p99_ratio": 1.0}
    for label, (name, _) in SIZES.items():
        compare(f"{label}, one hot key", f"/v1/fixed/{name}/1", limits=goal)
    for label, (name, _) in SIZES.items():
        compare(f"{label}, eight browser headers", f"/v1/fixed/{name}/1", BROWSER, limits=goal,
                note="both answer gzip from 2 KB up")
    path = "/v1/fixed/s2k/1"
    unchanged = [f"If-None-Match: {freshet.get(path)[1]['ETag']}"], [f"If-None-Match: {_nginx_tag(files, path)}"]
    compare("2 KB, not modified (304)", path, *unchanged, limits=goal)
    note = "open_file_cache: no open, stat and close for a request"
    for label, (name, _) in SIZES.items():
        compare(f"{label}, one hot key, nginx keeps files open", f"/v1/fixed/{name}/1", limits=goal, note=note, reference=kept)
    compare("2 KB, not modified (304), nginx keeps files open", path, *unchanged, limits=goal, note=note, reference=kept)
    compare("2 KB, through the router", path, ["Prefer: respond-async"], (),
            note="what the lane leaves to Hummingbird; nginx: the plain file")
    pace()
    _zipf(lab, report, freshet, files, repetitions)
    freshet.stop()
    files.stop()
    kept.stop()


def _prepare(lab):
    upstream = Nginx.changing(lab, "live", 2_000, lab.client_core)
    routes = {f"/{name}/{{id}}": body(size, name) for name, size in SIZES.values()}
    mock = Mock(lab, "fixed", routes, lab.client_core)
    fixed, live = FIXED.format(url=mock.url), LIVE.format(url=upstream.url)
    datasets = DATASETS + 'live.doc: { get: "/doc/{id}", max_age: PT2H }\n'
    freshet = Freshet(lab, "read", fixed + live, datasets, lab.both, "threads: 1").start()
    some = lab.write("fixed.txt", "".join(f"/v1/fixed/{name}/1\n" for name, _ in SIZES.values()))
    keys = lab.write("keys.txt", "".join(f"/v1/live/doc/{key}\n" for key in range(1, KEYS + 1)))
    freshet.fill(some, len(SIZES))
    freshet.fill(keys, KEYS)
    root = _files(lab, freshet)
    freshet.cores = lab.server_core

    def restart(sources, datasets):
        freshet.stop()
        freshet.configure(sources, datasets, "threads: 1")
        freshet.start()
        for targets in (some, keys):
            freshet.warm(targets)

    def pace():
        # Filled at full speed; from here on a limit lets exactly so many refreshes through, all day.
        paced = live + f"  limits: [{{ scope: ip, calls: {REFRESHED}, per: PT1S }}]\n"
        restart(fixed + paced, DATASETS + 'live.doc: { get: "/doc/{id}", max_age: PT2H, refresh: { every: PT1M, for: all } }\n')

    restart(fixed + live, datasets)
    return freshet, *(Nginx.static(lab, f"static-{kept}", root, lab.server_core, kept) for kept in (False, True)), pace


def _files(lab, freshet):
    """The bytes that Freshet answers, as files under the same paths; compressed ones beside them."""
    def save(paths, sample):
        plain = freshet.get(sample)[2]
        _, headers, packed = freshet.get(sample, {"Accept-Encoding": "gzip"})
        for path in paths:
            lab.write("root" + path, plain)
            if headers.get("Content-Encoding") == "gzip":
                lab.write(f"root{path}.gz", packed)

    for name, _ in SIZES.values():
        save([f"/v1/fixed/{name}/1"], f"/v1/fixed/{name}/1")
    save([f"/v1/live/doc/{key}" for key in range(1, KEYS + 1)], "/v1/live/doc/1")
    return lab.path("root")


def _nginx_tag(files, path):
    return call(files.port, "GET", path)[1]["ETag"]


def _zipf(lab, report, freshet, files, repetitions):
    """Reads spread as the web's are, headers as browsers send them, refreshes beside."""
    def read(server, pid):
        return costed(pid, lambda: wrk(lab, server.url, 2, BROWSER, "zipf.lua", ["/v1/live/doc/", KEYS, 1]))

    def theirs():
        # Its refreshes would cost nginx the core that it is measured on.
        os.kill(freshet.process.pid, signal.SIGSTOP)
        try:
            return read(files, files.worker())
        finally:
            os.kill(freshet.process.pid, signal.SIGCONT)

    # The first pass packs what nobody has asked for in packed form yet.
    read(freshet, freshet.process.pid)
    busy = []

    def ours():
        start, count = time.monotonic(), freshet.refreshed()
        result = read(freshet, freshet.process.pid)
        busy.append((freshet.refreshed() - count) / (time.monotonic() - start))
        return result

    duelled = duel(ours, theirs, repetitions)
    rate = sum(busy) / len(busy)
    report.compare(
        "read", f"2 KB, Zipf over {KEYS:,} keys, eight headers, {REFRESHED} documents/s refreshed beside", duelled,
        {"ratio": 1.0, "p99_ratio": 1.0}, f"{rate:.0f} documents/s were refreshed meanwhile")
