"""Several processes on one PostgreSQL, with and without Redis: how much of a shared limit they use, and how soon a change is read elsewhere."""

import datetime
import http.client
import json
import os
import signal
import subprocess
import time

from lab import Failure, body, free_port, median, wait_until
from servers import Mock, call

CALLS = 100
CONFIG = """
data_dir: ./data
store: {store}
coordinator: {coordinator}
logs: {{ level: warning }}
server: {{ unknown_keys_per_minute: 1000000 }}
sources:
  up:
    base_url: {url}
    auth: {{ bearer: [key-1] }}
    concurrency: 64
    reserve: 0%
    limits: [{{ scope: key, calls: {calls}, per: PT1S }}]
datasets:
  up.doc: {{ get: "/doc/{{id}}", max_age: PT2H }}
"""
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(lab, report, quick):
    """Two and ten workers, then ten without Redis."""
    jobs = 2_000 if quick else 10_000
    for workers, with_redis in ((2, True), (10, True), (10, False)):
        _drain(lab, report, jobs, workers, with_redis)


def _drain(lab, report, jobs, workers, with_redis):
    name = f"{workers} workers" + ("" if with_redis else " without Redis")
    mock = Mock(lab, f"cluster-mock-{workers}{with_redis}", {"/doc/{id}": body(2_000, "cluster")}, lab.both,
                [f"key:{CALLS}/1s"])
    fleet = Fleet(lab, f"cluster-{workers}{with_redis}", mock.url, workers, with_redis)
    fleet.restore(jobs)
    wait_until(lambda: mock.counters()["total"] > 3 * CALLS, 60, "no calls were made")
    began, before = time.monotonic(), mock.counters()["total"]
    wait_until(lambda: mock.counters()["total"] >= jobs - 5 * CALLS, 60 + jobs / CALLS * 3, "the queue did not drain", every=0.2)
    elapsed, counters = time.monotonic() - began, mock.counters()
    report.value("cluster", f"{name}: share of the limit used ({CALLS} in 1 s)", (counters["total"] - before) / CALLS / elapsed,
                 "", at_least=0.95, note=f"{counters['total'] - before} calls in {elapsed:.1f} s")
    wait_until(lambda: fleet.unfinished() == 0, 120, "the queue did not drain", every=0.2)
    counters = mock.counters()
    report.value("cluster", f"{name}: windows exceeded", counters["violations"], "", at_most=0,
                 note=", ".join(f"{limit['max_in_window']} at most" for limit in counters["limits"]))
    wrong = fleet.sql("SELECT count(*) FROM (SELECT key FROM freshet_events WHERE type = 'dataset.updated' AND key LIKE 'k%' "
                      "GROUP BY key HAVING count(*) <> 1) t")
    done = fleet.sql("SELECT count(DISTINCT key) FROM freshet_events WHERE type = 'dataset.updated' AND key LIKE 'k%'")
    report.value("cluster", f"{name}: jobs lost or done twice", int(wrong) + jobs - int(done), "", at_most=0,
                 note=f"{counters['total']} calls for {jobs} jobs")
    _follow(report, name, fleet)
    fleet.stop()
    mock.stop()


def _follow(report, name, fleet):
    """A change that one process writes, seen by the event of its refresh and read from another process's memory."""
    one, other = fleet.readers
    spans = []
    for number in range(60):
        key = f"k{number}"
        for port in (one, other):
            call(port, "GET", f"/v1/up/doc/{key}")
        before = _checked(other, key)
        call(one, "POST", "/v1/refresh", {"source": "up", "dataset": "doc", "key": key, "priority": "critical"})
        # The writer's own clock says when it was written; all are on one machine.
        wait_until(lambda: _checked(other, key) != before, 20, "a refresh was not seen", every=0.001)
        spans.append((time.time() - _seconds(_checked(other, key))) * 1000)
    spans.sort()
    report.value("cluster", f"{name}: from the end of a call in one process to a read in another, p95",
                 spans[int(len(spans) * 0.95) - 1], "ms", at_most=100,
                 note=f"median {median(spans):.1f} ms, storing included, {len(spans)} refreshes")


def _checked(port, key):
    return json.loads(call(port, "GET", f"/v1/up/doc/{key}?envelope=1")[2])["meta"]["checked_at"]


def _seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Fleet:
    """Two readers and some workers on private servers."""

    def __init__(self, lab, name, url, workers, with_redis):
        self.lab, self.members = lab, []
        os.chmod(lab.folder, 0o711)
        self.servers = [self._server("postgres", name)] + ([self._server("redis", name)] if with_redis else [])
        self.database = _first_line(self.servers[0].log)
        redis = _first_line(self.servers[1].log) if with_redis else "local"
        lab.make(name)
        config = lab.write(f"{name}/freshet.yaml",
                           CONFIG.format(store=self.database, coordinator=redis, url=url, calls=CALLS))
        self.readers = [self._member(config, name, "reader", number) for number in range(2)]
        for number in range(workers):
            self._member(config, name, "worker", number)
        place = "line" if with_redis else "store"
        wait_until(lambda: self.status()["cluster"]["queue"] == place, 60, "the queue does not settle", every=0.1)

    def _server(self, kind, name):
        script = os.path.join(ROOT, "scripts", kind)
        return self.lab.start([script, self.lab.make(f"{name}-{kind}")], self.lab.both, f"{name}-{kind}-server")

    def _member(self, config, name, role, number):
        port = free_port()
        command = [self.lab.binary, "serve", "--config", config, "--role", role, "--listen", f"127.0.0.1:{port}"]
        process = self.lab.start(command, self.lab.both, f"{name}-{role}{number}")
        self.members.append(process)

        def answers():
            if process.poll() is not None:
                with open(process.log) as log:
                    raise Failure("freshet ended: " + log.read()[-800:])
            try:
                return call(port, "GET", "/livez", timeout=1)[0] == 200
            except OSError:
                return False

        wait_until(answers, 60, "freshet did not start")
        return port

    def status(self):
        """What the first reader knows."""
        return json.loads(call(self.readers[0], "GET", "/admin/status")[2])

    def unfinished(self):
        """Jobs that are left."""
        queue = self.status()["queue"]
        return sum(sum(queue[state].values()) for state in ("ready", "waiting", "leased"))

    def restore(self, count):
        """Puts jobs into the queue, all at once."""
        time_ = "2026-01-01T00:00:00Z"
        lines = [json.dumps({"freshet_queue": 1, "taken_at": time_, "jobs": count})]
        for number in range(count):
            lines.append(json.dumps(
                {"source": "up", "dataset": "doc", "key": f"k{number}", "state": "ready", "priority": "high", "cause": "operator",
                 "attempts": 0, "heat": 0, "enqueued_at": time_, "not_before": time_, "finished_at": None, "last_error": None}))
        connection = http.client.HTTPConnection("127.0.0.1", self.readers[0], timeout=120)
        connection.request("POST", "/admin/queue/restore", "\n".join(lines) + "\n", {"Content-Type": "application/x-ndjson"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise Failure(f"restoring the queue: {answer.status} {answer.read()[:300]}")
        connection.close()

    def sql(self, statement):
        """One value from the database."""
        return subprocess.run(["psql", "-tAc", statement, self.database], capture_output=True, text=True, check=True).stdout.strip()

    def stop(self):
        """Freshet first, then what it stands on."""
        for process in self.members:
            self.lab.stop(process)
        for process in reversed(self.servers):
            self.lab.stop(process, signal.SIGTERM)


def _first_line(path):
    wait_until(lambda: "\n" in _text(path), 60, "a server did not start")
    return _text(path).splitlines()[0]


def _text(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""
