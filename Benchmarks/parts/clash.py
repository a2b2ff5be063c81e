"""The routes of the Clash app while the game's API is dead, and what a second reader process costs."""

import json

from lab import Failure, body, cpu_seconds, free_port, median, wait_until
from parts.cluster import Fleet
from servers import Freshet, Mock, call

ROUTES = {
    "clan": "/clan/{tag}", "members": "/clan/{tag}/members", "at risk": "/clan/{tag}/members/at-risk",
    "loyalty": "/clan/{tag}/members/loyalty", "raids": "/clan/{tag}/raids", "war": "/war/{tag}/current",
    "war log": "/war/{tag}/log", "league group": "/war/{tag}/league",
}
BASE = "/apps/clash/api/v1"
CONNECTIONS = 16


class _Board(Freshet):
    """A server of the app, without a limit of calls."""

    def configure(self, sources, datasets, server=""):
        """The app alone; `sources` is the upstream's URL."""
        self.config = self.lab.write(
            f"{self.name}/freshet.yaml",
            f'data_dir: ./data\nserver: {{ listen: "127.0.0.1:{self.port}", unknown_keys_per_minute: 1000000, threads: 1 }}\n'
            f'logs: {{ level: error }}\napps:\n  clash: {{ base_url: "{sources}/v1", keys: [key-1] }}\n')


def run(lab, report, quick):
    """Every read route in turn, then one reader beside two."""
    _routes(lab, report, quick)
    _readers(lab, report, quick)


def _routes(lab, report, quick):
    port = free_port()
    mock = lab.start([lab.binary, "mock", "clash", "--port", str(port)], lab.both, "clash-mock")
    wait_until(lambda: _answers(port), 20, "the mock did not start")
    board = _Board(lab, "clash", f"http://127.0.0.1:{port}", "", lab.server_core).start()
    # A clan's number is its tag in the game's own alphabet; any tag of it is a clan of the mock.
    tags = [f"2{one}{two}" for one in "0289PYLQGRJCUV" for two in "0289PYLQGRJCUV"][: 20 if quick else 100]
    targets = {name: [BASE + route.format(tag=tag) for tag in tags] for name, route in ROUTES.items()}
    for _ in range(200):
        answers = {path: board.get(path)[0] for paths in targets.values() for path in paths}
        if set(answers.values()) == {200} and not _waits(board):
            break
    else:
        raise Failure(f"not every route answers 200: {[path for path, status in answers.items() if status != 200][:5]}")
    players = [member["tag"].lstrip("#") for tag in tags[:20] for member in json.loads(board.get(BASE + f"/clan/{tag}")[2])["memberList"][:5]]
    targets["player"] = [f"{BASE}/player/{tag}" for tag in players]
    wait_until(lambda: all(board.get(path)[0] == 200 for path in targets["player"]), 120, "players were not fetched", every=0.5)
    lab.stop(mock)
    for name, paths in targets.items():
        file = lab.write(f"clash-{name.replace(' ', '-')}.txt", "\n".join(paths) + "\n")
        board.sweep(file, CONNECTIONS, 500)
        got = [board.sweep(file, CONNECTIONS, 2_000 if quick else 20_000, seed=turn) for turn in range(3)]
        if any(set(one["statuses"]) != {"200"} for one in got):
            raise Failure(f"{name}: {[one['statuses'] for one in got]}")
        rate = median([one["requests"] / one["seconds"] for one in got])
        report.value("clash", f"{name}, API dead: p99", median([one["p99_us"] for one in got]) / 1000, "ms",
                     at_most=10 if name == "clan" else 100, note=f"{rate:,.0f} requests/s over {CONNECTIONS} connections")
        if name == "clan":
            report.value("clash", "clan, API dead: requests/s on one core", rate, "", at_least=5_000)
    board.stop()


def _waits(board):
    queue = json.loads(board.get("/admin/status")[2])["queue"]
    return any(sum(queue[state].values()) for state in ("ready", "leased"))


def _answers(port):
    try:
        return call(port, "GET", "/__mock/counters", timeout=1)[0] == 200
    except OSError:
        return False


def _readers(lab, report, quick):
    """The same reads of one process, and shared by two on one PostgreSQL and Redis."""
    mock = Mock(lab, "clash-readers-mock", {"/doc/{id}": body(2_000, "readers")}, lab.both)
    fleet = Fleet(lab, "clash-readers", mock.url, 1, True)
    targets = lab.write("readers.txt", "".join(f"/v1/up/doc/k{number}\n" for number in range(200)))

    def sweep(place, requests):
        command = [lab.reader, "127.0.0.1", str(fleet.readers[place]), "16", str(requests), "1", targets]
        return json.loads(lab.run(command, lab.client_core, timeout=170))

    for place in (0, 1):
        wait_until(lambda: set(sweep(place, 0)["statuses"]) == {"200"}, 60, "not all documents are there", every=0.5)
    count = 20_000 if quick else 200_000
    pids = [fleet.members[place].pid for place in (0, 1)]

    def cost(shares):
        before = [cpu_seconds(pid) for pid in pids]
        for place, share in enumerate(shares):
            if share:
                sweep(place, int(count * share))
        return sum(cpu_seconds(pid) - one for pid, one in zip(pids, before)) / count * 1e6

    pairs = [(cost((1, 0)), cost((0.5, 0.5))) for _ in range(3 if quick else 5)]
    report.value("clash", "CPU for a request, two reader processes beside one", median([two / one for one, two in pairs]), "x",
                 at_most=1.1, samples=[round(two / one, 3) for one, two in pairs],
                 note=f"{median([two for _, two in pairs]):.1f} / {median([one for one, _ in pairs]):.1f} us")
    fleet.stop()
    mock.stop()
