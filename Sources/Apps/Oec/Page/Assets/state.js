// The whole state of the page and how it changes: a pure function of state, event and time.
// Events are the server's messages, `socket/…` of the connection and `ui/…` of the player. Times are milliseconds of one clock.

import { errorWords, readCard, readData, readPlayer, readRound } from "./protocol.js";

/** How long somebody waits before the computer is offered again. */
export const patience = 10_000;

export function initial(player = null, invitation = null) {
  return {
    socket: "connecting",
    retryAt: null,
    data: null,
    me: player,
    invitation,
    otherSeat: null,
    screen: "lobby",
    pending: null,
    fault: null,
    waiting: null,
    game: null,
    ending: null,
  };
}

export function reduce(state, event, now) {
  const change = changes[event.type];
  return change ? change(state, event, now) : state;
}

/** The seat across the table. */
export function rivalSeat(game) {
  return 1 - game.seat;
}

/** Whether cards can be played. */
export function mayPlay(state) {
  const { game } = state;
  return Boolean(
    state.socket === "open" && game && game.phase === "open" && !game.mine && !game.isDown && !game.halted && !game.isResuming,
  );
}

const changes = {
  __proto__: null,
  "socket/open": (state) => ({ ...state, socket: "open", retryAt: null }),
  "socket/lost": (state, event, now) => ({
    ...state,
    socket: "lost",
    retryAt: now + event.wait,
    pending: null,
    game: state.game && { ...state.game, isResuming: true },
  }),
  "socket/replaced": (state) => ({ ...state, socket: "replaced", retryAt: null, pending: null }),

  "ui/pending": (state, event) => ({ ...state, pending: event.what, fault: null }),
  "ui/failed": (state, event) => ({ ...state, pending: null, fault: { code: event.code ?? "failed", message: event.message } }),
  "ui/player": (state, event) => ({ ...state, me: event.player }),
  "ui/invitation": (state, event) => ({ ...state, invitation: event.code }),
  "ui/other-seat": (state, event) => ({ ...state, otherSeat: event.seat }),
  "ui/wait": (state, event, now) => ({
    ...state,
    pending: null,
    fault: null,
    ending: null,
    screen: "waiting",
    waiting: { kind: event.kind, room: event.room ?? null, since: now, isPatient: true },
  }),
  "ui/impatient": (state) => (state.waiting ? { ...state, waiting: { ...state.waiting, isPatient: false } } : state),
  "ui/resume": (state, event) => ({
    ...state,
    screen: "game",
    fault: null,
    ending: null,
    waiting: null,
    otherSeat: null,
    game: { ...emptyGame, id: event.seat.gameId, secret: event.seat.secret },
  }),
  "ui/played": (state, event) =>
    state.game ? { ...state, fault: null, game: { ...state.game, mine: event.card, isDown: true } } : state,
  "ui/quit": (state) => inGame(state, (game) => ({ ...game, isQuitting: true })),
  "ui/lobby": (state) => toLobby(state, null),
  "ui/leaderboard": (state) => ({ ...state, screen: "leaderboard", fault: null }),
  "ui/dismiss": (state) => ({ ...state, fault: null }),

  connected: (state, event, now) => ({ ...state, data: readData(event.data, now) ?? state.data }),
  data_updated: (state, event, now) => {
    const data = readData(event.data, now) ?? state.data;
    // Who waits for people is seated by the server now.
    const isOver = state.fault?.code === "no_data" && data?.origin && state.waiting?.kind !== "computer";
    return { ...state, data, fault: isOver ? null : state.fault };
  },
  player_created: (state, event) => ({
    ...state,
    me: state.me && { ...state.me, id: event.user_id ?? state.me.id, name: event.name ?? state.me.name, rating: event.elo_rating },
  }),
  game_found: (state, event, now) => ({
    ...state,
    screen: "game",
    pending: null,
    fault: null,
    waiting: null,
    ending: null,
    data: readData(event.data, now) ?? state.data,
    game: {
      ...emptyGame,
      isResuming: false,
      id: event.game_id,
      seat: event.seat,
      secret: event.seat_secret,
      players: event.players.map(readPlayer),
      cards: event.your_cards.map(readCard),
      total: event.total_rounds,
      kind: state.waiting?.kind ?? "anyone",
      room: event.room_code ?? null,
    },
  }),
  round_started: (state, event, now) =>
    inGame(state, (game) => ({
      ...game,
      round: event.round_number,
      total: event.total_rounds,
      product: event.product,
      players: scored(game.players, event.players),
      cards: event.your_cards.map(readCard),
      phase: "open",
      mine: null,
      isDown: false,
      isRivalDown: false,
      byClock: false,
      endsAt: now + event.ends_in_ms,
      roundTime: event.round_ms ?? game.roundTime,
      nextAt: null,
      halted: null,
      isResuming: false,
    }), { fault: null }),
  card_played: (state, event) =>
    inGame(state, (game) =>
      event.seat === game.seat
        ? { ...game, isDown: true, byClock: Boolean(event.by_clock) }
        : { ...game, isRivalDown: true },
    ),
  round_completed: (state, event, now) =>
    inGame(state, (game) => {
      const round = readRound(event, game.round === event.round_number ? game.product : null, now);
      return {
        ...game,
        round: round.number,
        phase: "shown",
        results: [...game.results.filter((other) => other.number !== round.number), round],
        players: scored(game.players, event.players),
        endsAt: null,
        nextAt: event.next_in_ms === undefined ? null : now + event.next_in_ms,
      };
    }, { fault: null }),
  opponent_disconnected: (state, event, now) =>
    inGame(state, (game) => ({
      ...game,
      halted: { until: now + event.grace_seconds * 1000, whole: event.grace_seconds * 1000 },
    })),
  opponent_reconnected: (state, event, now) =>
    inGame(state, (game) => ({
      ...game,
      halted: event.is_paused ? game.halted : null,
      ...(typeof event.ends_in_ms === "number" ? { [game.phase === "shown" ? "nextAt" : "endsAt"]: now + event.ends_in_ms } : {}),
    })),
  game_state: resume,
  game_ended: (state, event, now) => over(state, event, now, "played"),
  game_forfeited: (state, event, now) => over(state, event, now, "forfeited"),
  game_abandoned: (state, event, now) => over(state, event, now, "abandoned"),
  error: refuse,
};

const emptyGame = {
  id: null, seat: 0, secret: null, players: [], cards: [], round: 0, total: 9, product: null, phase: "dealt", mine: null,
  isDown: false, isRivalDown: false, byClock: false, endsAt: null, roundTime: 20_000, nextAt: null, halted: null, results: [],
  kind: "anyone", room: null, isResuming: true, isQuitting: false,
};

function inGame(state, change, more = {}) {
  return state.game ? { ...state, ...more, game: change(state.game) } : state;
}

function scored(players, news) {
  if (!news) return players;
  return news.map((player, seat) => ({ ...players[seat], ...readPlayer(player) }));
}

function toLobby(state, fault) {
  return { ...state, screen: "lobby", pending: null, waiting: null, game: null, ending: null, invitation: null, fault };
}

/** Takes the server's word for everything, after a reload or a lost connection. */
function resume(state, event, now) {
  if (!state.game) return state;
  const { game } = state;
  const results = (event.rounds ?? []).map((round) => {
    const known = game.results.find((other) => other.number === round.round_number);
    return readRound(round, known?.product ?? null, now);
  });
  const phase = event.phase ?? "open";
  const halted = event.is_paused ? { until: now + (event.pause_remaining_ms ?? 0), whole: 30_000 } : null;
  const until = event.ends_in_ms === null || event.ends_in_ms === undefined ? null : now + event.ends_in_ms;
  const resumed = {
    ...game,
    id: event.game_id ?? game.id,
    seat: event.seat ?? game.seat,
    room: event.room_code ?? game.room,
    round: event.current_round,
    total: event.total_rounds ?? game.total,
    product: event.current_product ?? game.product,
    players: scored(game.players, event.players),
    cards: (event.your_cards ?? []).map(readCard),
    phase: phase === "over" ? "shown" : phase,
    mine: event.your_card ? readCard(event.your_card) : null,
    isDown: Boolean(event.your_card),
    isRivalDown: Boolean(event.opponent_has_played),
    endsAt: phase === "open" ? until : null,
    nextAt: phase === "shown" ? until : null,
    halted,
    results,
    isResuming: false,
  };
  return { ...state, screen: "game", fault: null, data: readData(event.data, now) ?? state.data, game: resumed };
}

function over(state, event, now, how) {
  const { game } = state;
  if (!game) return state;
  const results = (event.rounds ?? []).map((round) => {
    const known = game.results.find((other) => other.number === round.round_number);
    return readRound(round, known?.product ?? null, now);
  });
  const players = scored(game.players, event.final_scores);
  const winner = event.winner_id ?? null;
  const own = players[game.seat];
  const ending = {
    how,
    reason: game.isQuitting ? "quit" : event.reason ?? null,
    // By the id, since the points of a game that was given up do not show the winner's name.
    result: how === "abandoned" ? "none" : winner === null ? "draw" : winner === own?.id ? "won" : "lost",
    elo: (event.elo ?? []).find((change) => change.player_id === own?.id) ?? null,
    players,
    seat: game.seat,
    kind: game.kind,
    room: game.room,
    results: results.length > 0 ? results : game.results,
  };
  const me = state.me && ending.elo ? { ...state.me, rating: ending.elo.after } : state.me;
  return { ...state, me, screen: "over", pending: null, fault: null, game: null, ending };
}

/** What the page does about a wish that the server refused. */
function refuse(state, error) {
  // What is refused again for the same reason while waiting is not said again.
  const isSame = state.waiting && state.fault?.code === error.code;
  const fault = isSame ? state.fault : { code: error.code, message: errorWords(error) };
  const wish = String(error.ref ?? "");
  // Whoever is seated meanwhile needs no computer, and nobody waits for an answer to a heartbeat.
  if (error.code === "not_waiting") return state;
  if (wish === "rejoin" && error.code === "unavailable") return { ...state, fault };
  if (wish === "rejoin" || wish === "state" || (state.game && error.code === "no_game")) return toLobby(state, fault);
  if (wish.startsWith("play ")) {
    const isThisRound = wish === `play ${state.game?.round}`;
    const stays = error.code === "already_played" || !isThisRound;
    return inGame(state, (game) => (stays ? game : { ...game, mine: null, isDown: false }), { fault });
  }
  if (wish === "join" && error.code !== "no_data") {
    return { ...toLobby(state, fault), invitation: state.invitation };
  }
  return { ...state, pending: null, fault };
}
