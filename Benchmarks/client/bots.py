"""Players by the thousand: joins, plays nine rounds at each table, reckons every score again, and prints one JSON object.

  bots.py HOST PORT GAMES [--think LOW HIGH] [--spread SECONDS] [--path /apps/oec] [--seed N]

One thread with epoll. Bots come from addresses of their own below 127.0.0.0/8, thirty from each, since a server counts new
guests by address. Points are reckoned from the values that the routes serve, which are read before, while and after they play.
"""

import argparse
import base64
import decimal
import heapq
import http.client
import json
import os
import random
import select
import socket
import struct
import sys
import time

ROUNDS = 9
GUESTS_PER_ADDRESS = 28


class Values:
    """What the routes served: whole dollars by product and country, each reading of it."""

    def __init__(self, host, port, path):
        self.host, self.port, self.path = host, port, path
        self.readings = {}

    def read(self):
        """Reads every product once more."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)

        def get(path):
            connection.request("GET", self.path + path)
            return json.loads(connection.getresponse().read(), parse_float=decimal.Decimal)

        codes = {country["id"]: country["code"] for country in get("/countries")["countries"]}
        for product in get("/products")["products"]:
            exports = get(f"/exports/{product['id']}")["exports"]
            values = {codes[country]: dollars(amount) for country, amount in exports.items()}
            known = self.readings.setdefault(product["slug"], [])
            if values not in known:
                known.append(values)
        connection.close()

    def holds(self, product, told):
        """Whether what a round told was served by the routes."""
        return any(all(reading.get(code, 0) == usd for code, usd in told.items()) for reading in self.readings.get(product, []))


def dollars(billions):
    """Whole dollars, halves upwards."""
    return int((decimal.Decimal(billions) * 10**9).quantize(decimal.Decimal(1), decimal.ROUND_HALF_UP))


class Game:
    """What both players of a game saw."""

    def __init__(self):
        self.bots = [None, None]
        self.began = [0.0, 0.0]
        self.plays = {}
        self.seen = {}
        self.rounds = []
        self.score = [0, 0]
        self.over = 0


class Bot:
    """One connection."""

    def __init__(self, crowd, number):
        self.crowd, self.number = crowd, number
        self.socket = socket.socket()
        address = number // GUESTS_PER_ADDRESS
        self.socket.bind((f"127.{60 + crowd.seed % 100}.{address // 250}.{address % 250 + 1}", 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect((crowd.host, crowd.port))
        self.buffer = b""
        self.is_open = False
        self.game, self.seat, self.joined, self.round = None, None, 0.0, 0
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {crowd.path}/ws HTTP/1.1\r\nHost: {crowd.host}:{crowd.port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
        self.socket.setblocking(False)

    def send(self, message):
        """Sends a text; the mask is all zeros."""
        data = json.dumps(message).encode()
        head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else bytes([0x81, 0xFE]) + struct.pack(">H", len(data))
        self.socket.send(head + b"\0\0\0\0" + data)

    def read(self, now):
        """Reads what has come."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        if not data:
            return self.crowd.lost(self, "the server closed")
        self.buffer += data
        if not self.is_open:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                return self.crowd.lost(self, head[:60].decode())
            self.is_open, self.buffer = True, rest
        while len(self.buffer) >= 2:
            kind, length, start = self.buffer[0] & 15, self.buffer[1] & 127, 2
            if length == 126:
                if len(self.buffer) < 4:
                    return
                length, start = struct.unpack(">H", self.buffer[2:4])[0], 4
            elif length == 127:
                if len(self.buffer) < 10:
                    return
                length, start = struct.unpack(">Q", self.buffer[2:10])[0], 10
            if len(self.buffer) < start + length:
                return
            data, self.buffer = self.buffer[start:start + length], self.buffer[start + length:]
            if kind == 1:
                self.crowd.take(self, json.loads(data), now)
            elif kind == 9:
                self.socket.send(bytes([0x8A, 0x80 | len(data)]) + b"\0\0\0\0" + data)
            elif kind == 8:
                return self.crowd.lost(self, f"closed {data[:2].hex()} {data[2:]!r}")


class Crowd:
    """All bots, their clock, and what is known of the games."""

    def __init__(self, options):
        self.host, self.port, self.path, self.seed = options.host, options.port, options.path, options.seed
        self.think, self.spread, self.wanted = options.think, options.spread, options.games
        self.random = random.Random(options.seed)
        self.values = Values(options.host, options.port, options.path)
        self.games, self.bots, self.timers, self.order = {}, {}, [], 0
        self.problems, self.errors, self.messages, self.ended, self.told_data = [], {}, 0, 0, 0
        self.latency = {"event": [], "resolve": [], "start": []}
        self.poller = select.epoll()

    def problem(self, text):
        """Something that is not right."""
        if len(self.problems) < 20:
            self.problems.append(text)

    def lost(self, bot, why):
        """A connection ended."""
        self.poller.unregister(bot.socket.fileno())
        del self.bots[bot.socket.fileno()]
        bot.socket.close()
        if bot.game is None or self.games[bot.game].over < 2:
            self.problem(f"bot {bot.number} was lost: {why}")

    def later(self, delay, action):
        """Does something after a time."""
        self.order += 1
        heapq.heappush(self.timers, (time.monotonic() + delay, self.order, action))

    def take(self, bot, message, now):
        """What a bot is told."""
        self.messages += 1
        kind = message["type"]
        handler = getattr(self, "on_" + kind, None)
        if handler:
            handler(bot, message, now)

    def on_connected(self, bot, message, now):
        """Joins when it is its turn."""
        def join():
            bot.joined = time.monotonic()
            bot.send({"type": "join_game"})
        self.later(bot.number / (2 * self.wanted) * self.spread, join)

    def on_error(self, bot, message, now):
        """None is expected."""
        self.errors[message["code"]] = self.errors.get(message["code"], 0) + 1
        self.problem(f"bot {bot.number}: {message['code']}")

    def on_data_updated(self, bot, message, now):
        """Counted."""
        self.told_data += 1

    def on_game_found(self, bot, message, now):
        """A game begins."""
        bot.game, bot.seat = message["game_id"], message["seat"]
        game = self.games.setdefault(bot.game, Game())
        game.bots[bot.seat] = bot

    def on_round_started(self, bot, message, now):
        """Thinks, then plays any card."""
        game, number = self.games[bot.game], message["round_number"]
        bot.round = number
        if number == 1:
            game.began[bot.seat] = now
            if all(game.began):
                self.latency["start"].append(max(game.began) - max(other.joined for other in game.bots))
        card = self.random.choice(message["your_cards"])["country_code"]

        def play():
            if bot.socket.fileno() < 0:
                return
            game.plays.setdefault(number, {})[bot.seat] = (time.monotonic(), card)
            bot.send({"type": "play_card", "country_code": card, "round_number": number})
        self.later(self.random.uniform(*self.think), play)

    def on_card_played(self, bot, message, now):
        """That a card is down, never which."""
        game = self.games[bot.game]
        if "country_code" in message:
            self.problem("a card was shown")
        if message["by_clock"]:
            self.problem("the clock played for a bot")
        key = (bot.round, message["seat"])
        self._both(game, ("card", *key), now, "event", lambda: game.plays[key[0]][key[1]][0])

    def on_round_completed(self, bot, message, now):
        """Reckons the points again."""
        game, number = self.games[bot.game], message["round_number"]
        if number not in (len(game.rounds) + 1, len(game.rounds)):
            self.problem(f"round {number} after {len(game.rounds)}")
        self._both(game, ("round", number), now, "resolve", lambda: max(when for when, _ in game.plays[number].values()))
        if number == len(game.rounds):
            if message["winner_player_ids"] != game.rounds[-1]:
                self.problem("both were told of different winners")
            return
        told = {line["country_code"]: line["usd"] or 0 for line in message["values"]}
        if not self.values.holds(message["product"]["id"], told):
            self.values.read()
            if not self.values.holds(message["product"]["id"], told):
                self.problem(f"values of {message['product']['id']} that no route served")
        cards = [game.plays[number][seat][1] for seat in (0, 1)]
        amounts = [told[card] for card in cards]
        for seat in (0, 1):
            player = message["players"][seat]
            won = amounts[seat] == max(amounts)
            game.score[seat] += won
            if (player["score"], player["is_round_winner"], player["card_played"]["country_code"]) != (game.score[seat], won, cards[seat]):
                self.problem(f"round {number}: told {player['score']}, reckoned {game.score[seat]}")
        game.rounds.append(message["winner_player_ids"])

    def _both(self, game, key, now, name, since):
        seen = game.seen.setdefault(key, [])
        seen.append(now)
        if len(seen) == 2:
            self.latency[name].append(max(seen) - since())

    def on_game_ended(self, bot, message, now):
        """Compares the end with what was reckoned."""
        game = self.games[bot.game]
        scores = [player["score"] for player in message["final_scores"]]
        if scores != game.score or len(game.rounds) != ROUNDS:
            self.problem(f"ended {scores}, reckoned {game.score}")
        winner = None if scores[0] == scores[1] else message["final_scores"][scores.index(max(scores))]["id"]
        if message["winner_id"] != winner or message["is_draw"] != (winner is None):
            self.problem("the winner is another one")
        if not message["elo"] or sum(line["change"] for line in message["elo"]) != 0:
            self.problem(f"ratings moved by {message['elo']}")
        game.over += 1
        if game.over == 2:
            self.ended += 1

    def on_game_forfeited(self, bot, message, now):
        """Not among bots."""
        self.problem("a game was forfeited")
        self.games[bot.game].over += 1

    on_game_abandoned = on_game_forfeited

    def run(self, limit):
        """Plays until all games have ended."""
        self.values.read()
        for number in range(2 * self.wanted):
            bot = Bot(self, number)
            self.bots[bot.socket.fileno()] = bot
            self.poller.register(bot.socket.fileno(), select.EPOLLIN)
            if number % 20 == 19:
                self.turn(0)
        began = time.monotonic()
        while self.ended < self.wanted and time.monotonic() - began < limit and self.bots:
            self.turn(max(0, min(0.5, self.timers[0][0] - time.monotonic()) if self.timers else 0.5))
        took = time.monotonic() - began
        self.values.read()
        return {"games": self.wanted, "ended": self.ended, "seconds": round(took, 2), "messages": self.messages,
                "problems": self.problems, "errors": self.errors, "data_updated": self.told_data,
                "cpu_seconds": round(time.process_time(), 2),
                "latency_ms": {name: percentiles(times) for name, times in self.latency.items()}}

    def turn(self, wait):
        """Reads what has come, and does what is due."""
        for file, _ in self.poller.poll(wait):
            if bot := self.bots.get(file):
                bot.read(time.monotonic())
        while self.timers and self.timers[0][0] <= time.monotonic():
            heapq.heappop(self.timers)[2]()


def percentiles(times):
    """Milliseconds."""
    times = sorted(times)
    if not times:
        return None
    return {name: round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 2)
            for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("max", 1))} | {"count": len(times)}


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("games", type=int)
    parser.add_argument("--think", nargs=2, type=float, default=(0.3, 1.5))
    parser.add_argument("--spread", type=float, default=10)
    parser.add_argument("--path", default="/apps/oec")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=300)
    options = parser.parse_args()
    result = Crowd(options).run(options.limit)
    print(json.dumps(result))
    sys.exit(1 if result["problems"] or result["ended"] < options.games else 0)


if __name__ == "__main__":
    main()
