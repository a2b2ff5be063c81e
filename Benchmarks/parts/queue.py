"""The queue: Redis and SQLite beside a plain sorted set and PostgreSQL's SKIP LOCKED, one caller, one call after another."""

import glob
import json
import os
import pwd
import shutil
import signal
import subprocess

from lab import Failure, free_port, median, wait_until

SCHEMA = """
CREATE TABLE jobs (id bigserial PRIMARY KEY, priority int NOT NULL, state int NOT NULL DEFAULT 0, key text NOT NULL);
CREATE INDEX ready ON jobs (priority, id) WHERE state = 0;
INSERT INTO jobs (priority, key) SELECT 2, 'k' || n FROM generate_series(1, 10000) n;
"""
CYCLE = """
INSERT INTO jobs (priority, key) VALUES (2, 'k');
UPDATE jobs SET state = 1 WHERE id = (SELECT id FROM jobs WHERE state = 0 ORDER BY priority, id
    FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id \\gset
UPDATE jobs SET state = 2 WHERE id = :id;
"""


def run(lab, report, quick):
    """All in one run; the sides take turns inside the program, PostgreSQL's between its halves."""
    binary = os.path.join(os.path.dirname(lab.binary), "queue-bench")
    if not os.path.exists(binary):
        raise Failure("queue-bench is not built: swift build -c release --product queue-bench")
    port = _redis(lab)
    postgres = _Postgres(lab)
    turns, length, finished = (2, 300, 20_000) if quick else (4, 1_000, 1_000_000)
    rates = {}
    for half in range(2):
        _collect(rates, lab, binary, port, f"queue{half}", turns, length, finished if half else 0)
        for name, commit in (("postgres", "on"), ("postgres async", "off")):
            rates.setdefault(name, []).append(postgres.cycles(2 if quick else 5, commit))
    report_rates(report, rates)
    out = subprocess.run(["redis-benchmark", "-p", str(port), "-c", "1", "-n", "20000", "-q", "--csv", "zadd", "check", "1", "x"],
                         capture_output=True, text=True, check=False).stdout
    if rate := [line.split(",")[1].strip('"') for line in out.splitlines() if line.startswith('"zadd')]:
        report.value("queue", "redis-benchmark's ZADD, one client", float(rate[0]), "calls/s")
    postgres.stop()


def report_rates(report, rates):
    """Ratios of turns that stood beside each other."""
    def ratio(one, other):
        return [a / b for a, b in zip(rates[one], rates[other])]

    def compare(name, one, other, goal=None, note=""):
        samples = ratio(one, other)
        report.value("queue", name, median(samples), "x", at_least=goal, samples=[round(sample, 2) for sample in samples],
                     note=note or f"{median(rates[one]):,.0f} / {median(rates[other]):,.0f} jobs/s")

    compare("Redis line, batch 1, beside ZADD + ZPOPMIN one by one", "cycle 1", "plain 1", 0.8)
    compare("Redis line, batch 10, beside ZADD + ZPOPMIN one by one", "cycle 10", "plain 1", 1.7)
    compare("Redis line, batch 100, beside ZADD + ZPOPMIN one by one", "cycle 100", "plain 1")
    compare("Redis line, batch 10, beside ZADD + ZPOPMIN of 10", "cycle 10", "plain 10")
    compare("Redis line, batch 100, beside ZADD + ZPOPMIN of 100", "cycle 100", "plain 100")
    compare("Redis line in three calls, batch 1, beside ZADD + ZPOPMIN", "apart 1", "plain 1")
    for batch, goal in ((1, 1.5), (100, 10)):
        compare(f"SQLite, batch {batch}, beside ZADD + ZPOPMIN one by one", f"sqlite {batch}", "plain 1", goal)
        value = median(rates[f"sqlite {batch}"])
        for name, words in (("postgres async", "without waiting for the disk, as SQLite"), ("postgres", "with each commit on the disk")):
            report.value("queue", f"SQLite, batch {batch}, beside PostgreSQL's SKIP LOCKED, {words}",
                         value / median(rates[name]), "x", at_least=goal if name == "postgres async" else None,
                         note=f"{value:,.0f} / {median(rates[name]):,.0f} jobs/s, one commit beside three")
        compare(f"SQLite in three calls, batch {batch}, beside ZADD + ZPOPMIN one by one", f"sqlite apart {batch}", "plain 1")
    compare("an empty poll beside a PING, a million jobs finished", "empty poll 1", "ping 1")


def _collect(rates, lab, binary, port, name, turns, length, finished):
    folder = lab.make(name)
    command = [binary, str(port), folder, str(turns), str(length), str(finished)]
    out = lab.run(command, lab.client_core, timeout=1_200)
    for line in out.splitlines():
        row = json.loads(line)
        rates.setdefault(f"{row['name']} {row['batch']}", []).append(row["rate"])


def _redis(lab):
    port = free_port()
    folder = lab.make("redis")
    lab.start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes",
               "--appendfsync", "everysec", "--logfile", os.path.join(folder, "log")], lab.server_core, "redis")
    answers = ["redis-cli", "-p", str(port), "ping"]
    wait_until(lambda: subprocess.run(answers, capture_output=True, check=False).stdout == b"PONG\n", 20, "redis-server did not start")
    return port


class _Postgres:
    """A server of its own, with its defaults (each commit is on the disk)."""

    def __init__(self, lab):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            raise Failure("PostgreSQL is missing: scripts/bootstrap --bench installs it")
        self.lab, self.bin, self.port, self.folder = lab, found[-1], free_port(), lab.make("postgres")
        os.chmod(lab.folder, 0o755)
        self.user = []
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            entry = pwd.getpwnam("postgres")
            self.user = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        data = os.path.join(self.folder, "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust")
        self.process = lab.start(self.user + [f"{self.bin}/postgres", "-D", data, "-p", str(self.port), "-k", self.folder,
                                              "-c", "listen_addresses=127.0.0.1"], lab.server_core, "postgres")
        wait_until(lambda: self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), check=False).returncode == 0, 20,
                   "PostgreSQL did not start")
        self._run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-c", SCHEMA)
        self.script = lab.write("cycle.sql", CYCLE)
        os.chmod(self.script, 0o644)

    def _run(self, tool, *words, check=True):
        return subprocess.run([*self.user, f"{self.bin}/{tool}", *words], capture_output=True, text=True, check=check, cwd="/")

    def cycles(self, seconds, commit):
        """Jobs a second that one client enqueues, leases and ends, in three transactions."""
        self._run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-c",
                  f"ALTER ROLE postgres SET synchronous_commit = {commit}")
        done = self._run("pgbench", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-n", "-M", "prepared", "-c", "1",
                         "-T", str(seconds), "-f", self.script, "postgres")
        return float(next(line.split()[2] for line in done.stdout.splitlines() if line.startswith("tps")))

    def stop(self):
        """Ends it; its data goes with the lab."""
        self.lab.stop(self.process, signal.SIGINT)
