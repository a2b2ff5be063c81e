// Joins the parts: what the player does and what the server says go through the reducer; here is what that causes.

import { announcement } from "./announce.js";
import * as api from "./api.js";
import { Connection } from "./connection.js";
import { secondsLeft } from "./format.js";
import { send } from "./protocol.js";
import { makeScreens } from "./screens.js";
import { initial, mayPlay, patience, reduce } from "./state.js";
import * as storage from "./storage.js";

const now = () => performance.now();
const live = document.getElementById("live");
let state = initial(storage.loadPlayer(), invitationOf(location.search));
let said = 0;
let impatience = null;
let asking = null;

const askEvery = 2_000;

function invitationOf(query) {
  const code = new URLSearchParams(query).get("room")?.toUpperCase() ?? "";
  return /^[A-Z0-9]{1,12}$/.test(code) ? code : null;
}

// MARK: Events

function dispatch(event) {
  const before = state;
  state = reduce(before, event, now());
  effects[event.type]?.(event, before);
  if (state !== before) screens.show(state, now());
  say(announcement(event, before, state));
}

function say(text) {
  if (!text) return;
  // A line of its own each time: the same words twice are said twice; old ones go.
  const line = document.createElement("p");
  line.textContent = text;
  live.append(line);
  while (live.childElementCount > 3) live.firstElementChild.remove();
}

const effects = {
  __proto__: null,
  "socket/open": () => {
    if (state.game) connection.send(send.rejoin({ gameId: state.game.id, secret: state.game.secret }));
    else if (state.waiting) join();
  },
  game_found: () => {
    clearTimeout(impatience);
    storage.saveSeat(state.game.id, state.game.secret);
    clearInvitation();
  },
  game_state: () => {
    if (state.game) storage.saveSeat(state.game.id, state.game.secret);
  },
  game_ended: (_, before) => storage.forgetSeat(before.game?.id),
  game_forfeited: (_, before) => storage.forgetSeat(before.game?.id),
  game_abandoned: (_, before) => storage.forgetSeat(before.game?.id),
  error: refused,
};

function refused(error, before) {
  const seat = storage.loadSeat() ?? storage.loadOtherSeat();
  switch (error.code) {
    case "already_playing":
      // This browser's own game: it is shown instead of a refusal.
      if (seat && seat.gameId === error.game_id) resume(seat);
      break;
    case "unknown_user":
    case "wrong_secret":
      if (error.ref !== "join" || !before.waiting) break;
      // The server has lost its players: the wish is repeated by a new guest.
      storage.savePlayer(null);
      dispatch({ type: "ui/player", player: null });
      start(before.waiting.kind, before.me?.name ?? "", before.waiting.room);
      break;
    case "no_data":
      // The server seats people who wait as soon as there are values; for the computer it is asked again.
      clearTimeout(asking);
      asking = setTimeout(() => {
        if (state.waiting?.kind === "computer" && state.socket === "open") join();
      }, askEvery);
      break;
    case "unavailable":
      // A game may be on its way from one process to another; a new connection may find it.
      if (error.ref === "rejoin") setTimeout(() => connection.again(), 1000);
      break;
    case "stale_round":
    case "not_now":
      if (state.game) connection.send(send.state());
      break;
    default:
      if (before.game && !state.game) storage.forgetSeat(before.game.id);
  }
}

// MARK: Wishes

/** Makes sure that there is a player, then does something with it; failures are shown in words. */
async function withPlayer(what, name, action) {
  if (state.pending) return;
  dispatch({ type: "ui/pending", what });
  try {
    if (!state.me) {
      const made = await api.makeGuest(name.trim());
      const player = { id: made.id, secret: made.secret, name: made.display_name, rating: made.elo_rating };
      storage.savePlayer({ id: player.id, secret: player.secret, name: player.name });
      dispatch({ type: "ui/player", player });
    }
    await action();
  } catch (failure) {
    const isName = failure.status === 400 && !state.me;
    dispatch({ type: "ui/failed", code: isName ? "name_invalid" : "failed", message: failure.message });
    if (isName) screens.focus(state);
  }
}

function start(kind, name, room = null) {
  return withPlayer(kind, name, async () => {
    if (kind === "friend" && !room) {
      const opened = await api.openRoom(state.me).catch(lostPlayer);
      room = opened.room_code;
    }
    wait(kind, room);
  });
}

/** A server that does not know the player any more gets a new one, once. */
async function lostPlayer(failure) {
  if (failure.status !== 404 && failure.status !== 403) throw failure;
  const made = await api.makeGuest(state.me.name).catch(() => api.makeGuest(""));
  const player = { id: made.id, secret: made.secret, name: made.display_name, rating: made.elo_rating };
  storage.savePlayer({ id: player.id, secret: player.secret, name: player.name });
  dispatch({ type: "ui/player", player });
  return api.openRoom(player);
}

function wait(kind, room) {
  dispatch({ type: "ui/wait", kind, room });
  clearTimeout(impatience);
  impatience = setTimeout(() => dispatch({ type: "ui/impatient" }), patience);
  // Without a connection it is sent as soon as there is one.
  join();
}

function join() {
  connection.send(send.join(state.me, state.waiting));
}

function resume(seat) {
  dispatch({ type: "ui/resume", seat });
  storage.saveSeat(seat.gameId, seat.secret);
  connection.send(send.rejoin(seat));
}

function clearInvitation() {
  if (location.search) history.replaceState(null, "", location.pathname);
}

const act = {
  invitation: () => state.invitation,
  findOpponent: (name) => start("anyone", name),
  playComputer: (name) => start("computer", name),
  openRoom: (name) => start("friend", name),
  joinRoom: (code, name) => withPlayer("join", name, async () => {
    await api.room(code);
    wait("friend", code);
  }),
  decline() {
    clearInvitation();
    dispatch({ type: "ui/invitation", code: null });
  },
  fail: (message) => dispatch({ type: "ui/failed", message }),
  forgetPlayer() {
    storage.savePlayer(null);
    dispatch({ type: "ui/player", player: null });
    document.getElementById("name").focus();
  },
  computerInstead() {
    dispatch({ type: "ui/wait", kind: "computer" });
    // Takes the player out of the line that they stood in.
    join();
  },
  leave() {
    clearTimeout(impatience);
    connection.send(send.leaveQueue());
    clearInvitation();
    dispatch({ type: "ui/lobby" });
  },
  play(card) {
    if (!mayPlay(state)) return;
    const { round } = state.game;
    if (connection.send(send.play(card.code, round))) dispatch({ type: "ui/played", card });
  },
  quit() {
    if (connection.send(send.quit())) dispatch({ type: "ui/quit" });
  },
  again() {
    const { kind, players, seat, room } = state.ending;
    const isComputer = players[1 - seat]?.isComputer || kind === "computer";
    dispatch({ type: "ui/lobby" });
    // Friends meet again in their room.
    if (isComputer) start("computer", "");
    else if (room) act.joinRoom(room, "");
    else start("anyone", "");
  },
  lobby() {
    dispatch({ type: "ui/lobby" });
    refreshPlayer();
  },
  leaderboard() {
    location.hash = "leaderboard";
  },
  back() {
    location.hash = "";
    if (state.screen === "leaderboard") act.lobby();
  },
  resumeOther: () => resume(state.otherSeat),
  takeOver() {
    connection.start();
  },
  retryNow: () => connection.retryNow(),
};

/** The rating and the record, as the server has them. */
async function refreshPlayer() {
  if (!state.me) return;
  const { id } = state.me;
  try {
    const known = await api.player(id);
    if (state.me?.id !== id) return;
    dispatch({ type: "ui/player", player: { ...state.me, name: known.display_name, rating: known.elo_rating, games: known.games_played, wins: known.wins } });
  } catch (failure) {
    if (failure.status !== 404 || state.screen !== "lobby" || state.me?.id !== id) return;
    storage.savePlayer(null);
    dispatch({ type: "ui/player", player: null });
  }
}

function followHash() {
  const isWanted = location.hash === "#leaderboard";
  const isFree = state.screen === "lobby" || state.screen === "over";
  if (isWanted && isFree) dispatch({ type: "ui/leaderboard" });
  else if (!isWanted && state.screen === "leaderboard") act.lobby();
}

function tick() {
  const moment = now();
  screens.tick(state, moment);
  const { game } = state;
  if (!game || game.phase !== "open" || game.halted || game.isDown || game.endsAt === null) return;
  const left = secondsLeft(game.endsAt, moment);
  const mark = game.round * 100 + left;
  if ((left === 10 || left === 5) && mark !== said) {
    said = mark;
    say(`${left} seconds left.`);
  }
}

// MARK: Start

const screens = makeScreens(act, {
  main: document.getElementById("main"), notices: document.getElementById("notices"), source: document.getElementById("source"),
  pages: document.getElementById("pages"),
});
const address = new URL("ws", document.baseURI);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
address.search = "";
address.hash = "";
const connection = new Connection(address, dispatch);
const seat = storage.loadSeat();
if (seat) dispatch({ type: "ui/resume", seat });
else {
  const other = storage.loadOtherSeat();
  if (other) dispatch({ type: "ui/other-seat", seat: other });
  screens.show(state, now());
  refreshPlayer();
  followHash();
}
window.addEventListener("hashchange", followHash);
setInterval(tick, 200);
connection.start();
