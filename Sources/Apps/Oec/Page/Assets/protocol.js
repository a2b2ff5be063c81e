// The messages of /apps/oec/ws: what is sent, and what is received in the form that the page works with.

export const send = {
  join: (player, { kind, room }) => ({
    type: "join_game", user_id: player.id, secret: player.secret, ref: "join",
    ...(room ? { room_code: room } : {}), ...(kind === "computer" ? { opponent: "cpu" } : {}),
  }),
  leaveQueue: () => ({ type: "leave_queue", ref: "leave" }),
  play: (code, round) => ({ type: "play_card", country_code: code, round_number: round, ref: `play ${round}` }),
  state: () => ({ type: "get_game_state", ref: "state" }),
  rejoin: (seat) => ({ type: "rejoin_game", game_id: seat.gameId, seat_secret: seat.secret, ref: "rejoin" }),
  quit: () => ({ type: "quit_game", ref: "quit" }),
};

/** A player at the table. */
export function readPlayer(player) {
  return {
    id: player.user_id ?? player.id,
    name: player.name,
    rating: player.elo_rating ?? null,
    isComputer: Boolean(player.is_cpu),
    score: player.score ?? 0,
  };
}

/** How a player is called within a sentence. */
export function called(player) {
  if (player?.isComputer) return "the computer";
  return player?.name ?? "your opponent";
}

/** How a player is called where a sentence begins; names stay as they are. */
export function opening(player) {
  if (player?.isComputer) return "The computer";
  return player?.name ?? "Your opponent";
}

/** A card. */
export function readCard(card) {
  return { code: card.country_code, name: card.country_name };
}

/** Where values come from and how old they are; `at` is when that was said. */
export function readData(data, at) {
  if (!data) return null;
  return {
    year: data.year,
    origin: data.origin ?? null,
    madeUp: data.fallback_products ?? (data.origin === "fallback" ? 1 : 0),
    ageSeconds: data.age_seconds ?? null,
    isStale: Boolean(data.is_stale),
    note: data.note ?? null,
    at,
  };
}

/** A finished round; `product` where the message names none. */
export function readRound(message, product, at) {
  return {
    number: message.round_number,
    product: message.product ?? product ?? null,
    winners: message.players.flatMap((player, seat) => (player.is_round_winner ? [seat] : [])),
    cards: message.players.map((player) => readCard(player.card_played)),
    values: (message.values ?? []).map((value) => ({
      code: value.country_code,
      name: value.country_name,
      usd: value.usd ?? 0,
      seats: value.played_by ?? [],
    })),
    scores: message.players.map((player) => player.score),
    data: readData(message.data, at),
  };
}

/** What a seat got of a round: "won", "lost" or "tied". */
export function outcome(round, seat) {
  if (round.winners.length > 1) return "tied";
  return round.winners.includes(seat) ? "won" : "lost";
}

/** What a country was worth in a round. */
export function worth(round, code) {
  return round.values.find((value) => value.code === code)?.usd ?? 0;
}

const words = {
  __proto__: null,
  bad_message: "The server did not understand this page. Reload it.",
  name_invalid: "A name has letters, numbers and spaces, 20 at most.",
  already_playing: "You are playing a game in another tab or window.",
  room_not_found: "That room does not exist, or has expired. Ask your friend for a new code.",
  no_game: "That game is over.",
  not_now: "No card can be played at the moment.",
  already_played: "You have played a card in this round.",
  not_in_hand: "You do not hold that card.",
  stale_round: "That round was over. Your card was not played.",
  game_over: "That game is over.",
  too_many: "Too many requests from your address. Wait a minute, then try again.",
  no_data: "There are no trade values to play with yet. You keep your place: the game begins when they arrive.",
  too_many_games: "The server is full. Try again in a minute.",
};

/** An error of the server in words. */
export function errorWords(error) {
  return words[error.code] ?? error.message ?? "Something went wrong. Try again.";
}
