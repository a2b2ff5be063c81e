"""Processes on chosen cores, their figures from /proc, and their end."""

import ctypes
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS = os.sysconf("SC_CLK_TCK")
_libc = ctypes.CDLL(None)


def _prepare(cores):
    """Between fork and exec: pins, goes before other work if that is allowed, and dies with this process."""
    def run():
        _libc.prctl(1, signal.SIGKILL)
        os.setsid()
        os.sched_setaffinity(0, cores)
        try:
            # Each session is weighed as one; inside it all are equal, so server and client share as on an idle machine.
            with open("/proc/self/autogroup", "w") as file:
                file.write("-15")
        except OSError:
            pass
    return run


class Lab:
    """A folder, the cores, and every process that was started; all end with it."""

    def __init__(self, binary):
        self.binary = binary
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            sys.exit("bench: two cores are needed: one for the server, one for the client")
        self.server_core, self.client_core = {cores[0]}, {cores[1]}
        self.both = {cores[0], cores[1]}
        self.folder = tempfile.mkdtemp(prefix="freshet-bench-")
        self.running = []
        self.reader = self.compile("client/reader.c")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            self._kill(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def compile(self, source, *options):
        """A client in C; returns its path."""
        swift = os.path.dirname(os.path.realpath(shutil.which("swift") or "/usr/bin/swift"))
        compiler = shutil.which("cc") or shutil.which("clang") or os.path.join(swift, "clang")
        output = self.path(os.path.basename(source)[:-2])
        subprocess.run([compiler, "-O2", "-o", output, os.path.join(HERE, source), *options], check=True)
        return output

    def path(self, *parts):
        """A path in the lab's folder."""
        return os.path.join(self.folder, *parts)

    def make(self, *parts):
        """A new folder in the lab."""
        path = self.path(*parts)
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, name, text):
        """A file in the lab; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def start(self, command, cores, name):
        """Starts a process; its output goes to NAME.log in the lab."""
        with open(self.path(name + ".log"), "ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_prepare(cores))
        process.log = self.path(name + ".log")
        self.running.append(process)
        return process

    def stop(self, process, how=signal.SIGTERM, patience=25):
        """Ends a process and waits for it."""
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                self._kill(process)
        if process in self.running:
            self.running.remove(process)

    @staticmethod
    def _kill(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def run(self, command, cores, timeout=120):
        """Runs a command to its end and returns what it printed."""
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, preexec_fn=_prepare(cores))
        if done.returncode:
            raise Failure(f"{command[0]} failed: {done.stderr.decode()[-500:]}")
        return done.stdout.decode()


class Failure(Exception):
    """Something that makes a measurement worthless."""


def free_port():
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, timeout, what, every=0.05):
    """Waits for a condition; returns the seconds it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout:
            raise Failure(f"{what}: not within {timeout} s")
        time.sleep(every)
    return time.monotonic() - began


def cpu_seconds(pid):
    """CPU time of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def machine_cpu():
    """Seconds that all cores together were busy, and idle, so far."""
    with open("/proc/stat") as file:
        fields = [int(field) / TICKS for field in file.readline().split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, idle


def thread_seconds(pid):
    """CPU time by thread name, numbers in names left out."""
    times = {}
    base = f"/proc/{pid}/task"
    for task in os.listdir(base):
        try:
            with open(f"{base}/{task}/stat") as file:
                head, _, tail = file.read().rpartition(")")
        except FileNotFoundError:
            continue
        name = head.partition("(")[2].rstrip("0123456789#-")
        fields = tail.split()
        times[name] = times.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICKS
    return times


def memory(process):
    """Resident memory in MB (10^6 bytes): now and at its highest."""
    with open(f"/proc/{process.pid}/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {name: int(lines[field].split()[0]) * 1024 / 1e6 for name, field in
            (("rss", "VmRSS"), ("peak", "VmHWM"), ("anonymous", "RssAnon"))}


def median(values):
    """The middle value."""
    return statistics.median(values)


def body(size, salt=""):
    """A JSON document of exactly `size` bytes in the manner of a game's API."""
    items, text = [], ""
    number = 0
    while True:
        number += 1
        value = (number * 2654435761 + sum(salt.encode())) % 4294967296
        items.append({"tag": f"#{value:X}", "name": f"member {value % 9973}", "trophies": value % 6000,
                      "role": ("member", "elder", "leader")[value % 3], "donations": value % 1200})
        candidate = json.dumps({"id": salt, "items": items, "fill": ""}, separators=(",", ":"))
        if len(candidate) > size:
            break
        text = candidate
    if not text:
        text = json.dumps({"id": salt, "fill": ""}, separators=(",", ":"))
    return text.replace('"fill":""', '"fill":"' + "x" * (size - len(text)) + '"')
