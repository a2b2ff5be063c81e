"""The servers of a measurement: Freshet, its mock upstream, and nginx as a file server or as an upstream."""

import http.client
import json
import os
import re
import signal
import time

from lab import Failure, body, free_port, wait_until


def call(port, method, path, payload=None, headers=None, timeout=30):
    """One HTTP call to loopback: status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        headers = dict(headers or {})
        if payload is not None:
            payload = json.dumps(payload)
            headers["Content-Type"] = "application/json"
        connection.request(method, path, payload, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def _listens(port):
    try:
        call(port, "GET", "/livez", timeout=1)
        return True
    except OSError:
        return False


class Freshet:
    """A `freshet serve` over a folder of its own."""

    def __init__(self, lab, name, sources, datasets, cores, server=""):
        self.lab, self.name, self.cores = lab, name, cores
        self.port = free_port()
        self.process = None
        lab.make(name)
        self.configure(sources, datasets, server)

    @property
    def url(self):
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def configure(self, sources, datasets, server="", logs=""):
        """Writes the configuration; sources and datasets are YAML lines, server and logs further members."""
        listen = f'listen: "127.0.0.1:{self.port}", unknown_keys_per_minute: 1000000'
        text = f"data_dir: ./data\nserver: {{ {listen}{', ' + server if server else ''} }}\n"
        text += f"logs: {{ level: warning{', ' + logs if logs else ''} }}\n"
        text += "sources:\n" + _indent(sources) + "datasets:\n" + _indent(datasets)
        self.config = self.lab.write(f"{self.name}/freshet.yaml", text)

    def start(self):
        """Starts and waits until it answers."""
        self.process = self.lab.start(
            [self.lab.binary, "serve", "--config", self.config], self.cores, self.name.replace("/", "-"))
        wait_until(lambda: self._answers(), 60, f"freshet did not start, see {self.process.log}", every=0.01)
        return self

    def _answers(self):
        if self.process.poll() is not None:
            with open(self.process.log) as log:
                raise Failure("freshet ended: " + log.read()[-800:])
        return _listens(self.port)

    def stop(self, how=signal.SIGTERM):
        """Stops it."""
        self.lab.stop(self.process, how)

    def get(self, path, headers=None, timeout=30):
        """One read."""
        return call(self.port, "GET", path, headers=headers, timeout=timeout)

    def refresh(self, source, dataset, key, priority):
        """Asks for a refresh."""
        wish = {"source": source, "dataset": dataset, "key": key, "priority": priority}
        status, _, answer = call(self.port, "POST", "/v1/refresh", wish)
        if status != 202:
            raise Failure(f"POST /v1/refresh answered {status}: {answer[:200]}")

    def metrics(self):
        """All samples of /metrics."""
        _, _, page = self.get("/metrics")
        samples = {}
        for line in page.decode().splitlines():
            if not line.startswith("#") and " " in line:
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def total(self, name, **labels):
        """The sum of a metric over the samples that carry these labels."""
        found = 0.0
        for sample, value in self.metrics().items():
            head, _, rest = sample.partition("{")
            if head == name and all(f'{key}="{text}"' in rest for key, text in labels.items()):
                found += value
        return found

    def refreshed(self):
        """Documents that came with content so far."""
        return self.total("freshet_refreshes_total", outcome="updated")

    def fill(self, targets, count, timeout=150):
        """Reads keys that were never asked for, then waits until all have been fetched; returns the seconds."""
        began = time.monotonic()
        before = self.refreshed()
        got = self.sweep(targets, connections=64)
        if set(got["statuses"]) - {"200", "202"}:
            raise Failure(f"filling: {got['statuses']}")
        wait_until(lambda: self.refreshed() - before >= count, timeout, "not all documents were fetched", every=0.25)
        return time.monotonic() - began

    def warm(self, targets, headers=()):
        """Reads every target once more; all must be there."""
        got = self.sweep(targets, connections=16, headers=headers)
        if set(got["statuses"]) != {"200"}:
            raise Failure(f"warming: {got['statuses']}, wanted 200 only")

    def sweep(self, targets, connections, requests=0, seed=1, headers=(), cores=None):
        """Reads with the exact client; requests 0 reads each target once."""
        command = [self.lab.reader, "127.0.0.1", str(self.port), str(connections), str(requests), str(seed), targets]
        return json.loads(self.lab.run(command + list(headers), cores or self.lab.client_core, timeout=170))


class Mock:
    """A `freshet mock` over a folder with one template: every key has the same bytes."""

    def __init__(self, lab, name, routes, cores, limits=()):
        self.lab, self.port = lab, free_port()
        index = []
        for number, (route, content) in enumerate(routes.items()):
            lab.write(f"{name}-recordings/{number}.json", content)
            index.append({"file": f"{number}.json", "request": f"GET {route}", "status": 200})
        folder = os.path.dirname(lab.write(f"{name}-recordings/index.json", json.dumps(index)))
        command = [lab.binary, "mock", folder, "--port", str(self.port)]
        for limit in limits:
            command += ["--limit", limit]
        self.process = lab.start(command, cores, name)
        wait_until(lambda: self.process.poll() is None and _listens(self.port), 20, "the mock did not start")
        self.control("POST", "reset")

    @property
    def url(self):
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def control(self, method, path):
        """A call to the mock's own routes."""
        _, _, answer = call(self.port, method, f"/__mock/{path}")
        return json.loads(answer) if answer else None

    def counters(self):
        """What it has received."""
        return self.control("GET", "counters")

    def freeze(self):
        """Lets calls wait without an answer."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        """Goes on."""
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        """Stops it."""
        self.thaw()
        self.lab.stop(self.process)


NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit; {user}
events {{ worker_connections 4096; }}
http {{
    access_log off; default_type application/json; sendfile on; tcp_nopush on; tcp_nodelay on;
    keepalive_requests 1000000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port} backlog=4096; {server} }}
}}
"""


class Nginx:
    """nginx with one worker, as Debian sets it up (sendfile, tcp_nopush), without a log, keep-alive without end."""

    def __init__(self, lab, name, server, cores):
        self.lab, self.port = lab, free_port()
        folder = lab.make(name + "-nginx")
        user = "user root;" if os.geteuid() == 0 else ""
        text = NGINX.format(folder=folder, port=self.port, server=server, user=user)
        config = lab.write(f"{name}-nginx/nginx.conf", text)
        self.process = lab.start(
            ["nginx", "-e", f"{folder}/error.log", "-p", folder, "-c", config], cores, name + "-nginx")
        wait_until(lambda: self.process.poll() is None and _listens(self.port), 20, f"nginx, see {self.process.log}")

    @property
    def url(self):
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def static(cls, lab, name, root, cores, keeps_open=False):
        """Serves files, and their .gz beside them to clients that accept it; may keep them open between requests."""
        cache = "open_file_cache max=30000 inactive=1h; open_file_cache_valid 1h; open_file_cache_errors on;"
        return cls(lab, name, f"root {root}; gzip_static on; {cache if keeps_open else ''}", cores)

    @classmethod
    def changing(cls, lab, name, size, cores):
        """An upstream whose documents differ at every fetch, at next to no cost."""
        text = body(size - 60, "live")
        text = text[:-1] + ',"at":"$msec","request":"$request_id"}'
        return cls(lab, name, "default_type application/json; location / { return 200 '" + text + "'; }", cores)

    def stop(self):
        """Stops it."""
        self.lab.stop(self.process)


    def worker(self):
        """The id of the process that answers."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return int(file.read().split()[0])


def _indent(text):
    return re.sub(r"^(?=.)", "  ", text.strip("\n"), flags=re.M) + "\n"
