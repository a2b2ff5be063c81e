// Holds the page's pure functions to what they promise; returns what does not hold. Runs inside the page, with its own modules.
async () => {
  const script = document.querySelector("script[type=module]").src;
  const load = (name) => import(new URL(name, script).href);
  const { initial, mayPlay, reduce } = await load("state.js");
  const { announcement, reason, result } = await load("announce.js");
  const { backOff } = await load("connection.js");
  const format = await load("format.js");
  const { isMadeUp, provenance } = await load("notices.js");
  const wrong = [];
  const same = (what, is, should) => {
    if (JSON.stringify(is) !== JSON.stringify(should)) wrong.push(`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`);
  };

  // Numbers and texts.
  same("money", [0, null, 999, 1000, 12345, 999.6e6, 1.234e9, 45.67e9, 999.96e9, 2e12].map(format.money),
    ["none", "none", "$999", "$1.00 k", "$12.3 k", "$1.00 bn", "$1.23 bn", "$45.7 bn", "$1.00 tn", "$2.00 tn"]);
  same("words", [0, 5, 1.5e6].map(format.moneyWords), ["no exports", "5 dollars", "1.50 million dollars"]);
  same("ages", [0, 60, 7300, 90000].map(format.age), ["less than a minute", "1 minute", "2 hours", "1 day"]);
  same("signs", [3, 0, -4].map(format.signed), ["+3", "±0", "−4"]);
  same("flags", ["DE", "x", ""].map(format.flag), ["\u{1F1E9}\u{1F1EA}", "", ""]);
  same("back-off", [0, 1, 4, 5, 50].map((attempt) => backOff(attempt, 1)), [300, 600, 4800, 8000, 8000]);
  same("back-off with chance", backOff(0, 0), 210);
  same("made up", [null, { origin: "upstream", madeUp: 0 }, { origin: "mixed", madeUp: 0 }, { origin: "mixed", madeUp: 1 }, { origin: "fallback", madeUp: 9 }].map(isMadeUp),
    [false, false, false, true, true]);
  same("provenance", provenance({ year: 2023, origin: "upstream", ageSeconds: 3500, isStale: true, at: 0 }, 200_000),
    "Exports of 2023, Observatory of Economic Complexity, last fetched 1 hour ago, older than they should be.");

  // A game, message by message.
  const person = (id, score = 0) => ({ id, user_id: id, name: id.toUpperCase(), elo_rating: 1200, is_cpu: false, score });
  const cards = ["DE", "FR"].map((code) => ({ country_code: code, country_name: code }));
  const begin = { type: "round_started", round_number: 1, total_rounds: 9, product: { id: "oil", name: "Oil", category: "energy" },
    players: [person("a"), person("b")], your_cards: cards, ends_in_ms: 20000, round_ms: 20000 };
  const done = (winners) => ({ type: "round_completed", round_number: 1,
    players: [0, 1].map((seat) => ({ ...person("ab"[seat], winners.includes(seat) ? 1 : 0), is_round_winner: winners.includes(seat), card_played: cards[seat] })),
    values: [{ ...cards[1], usd: 7, played_by: [1] }, { ...cards[0], usd: 5, played_by: [0] }], next_in_ms: 5000 });
  let now = 1000;
  let state = initial({ id: "a", secret: "s", name: "A" });
  const tell = (event) => {
    const before = state;
    state = reduce(state, event, now);
    return announcement(event, before, state);
  };
  const seated = () => {
    state = initial({ id: "a", secret: "s", name: "A" });
    tell({ type: "socket/open" });
    tell({ type: "ui/wait", kind: "anyone" });
    tell({ type: "player_created", user_id: "a", elo_rating: 1210 });
    tell({ type: "game_found", game_id: "g", seat: 0, seat_secret: "x", players: [person("a"), person("b")], your_cards: cards, total_rounds: 9 });
    tell(begin);
  };
  seated();
  same("the rating is the server's", state.me.rating, 1210);
  same("a round can be played", [state.screen, mayPlay(state), state.game.endsAt], ["game", true, 21000]);
  same("an unknown message changes nothing", reduce(state, { type: "toString" }, now) === state && reduce(state, { type: "news" }, now) === state, true);
  tell({ type: "ui/played", card: { code: "DE", name: "DE" } });
  same("a second card cannot be played", mayPlay(state), false);
  same("a refused card is taken back", (tell({ type: "error", code: "not_now", ref: "play 1" }), mayPlay(state)), true);
  tell({ type: "ui/played", card: { code: "DE", name: "DE" } });
  same("an answer to an older round changes no card", (tell({ type: "error", code: "stale_round", ref: "play 9" }), state.game.mine?.code), "DE");
  same("the loser hears it", tell(done([1])), "B wins the round: FR, 7 dollars, beats DE, 5 dollars. The score is 0 to 1.");
  same("a round that is told twice counts once", (tell(done([1])), state.game.results.length), 1);
  same("equal values are a tie", tell(done([0, 1])).startsWith("Tie: DE and FR both have"), true);

  // The other one goes and comes back.
  seated();
  tell({ type: "opponent_disconnected", grace_seconds: 30 });
  same("nobody plays meanwhile", [mayPlay(state), state.game.halted.until], [false, 31000]);
  now = 6000;
  tell({ type: "opponent_reconnected", is_paused: false, ends_in_ms: 14000 });
  same("the clock goes on", [mayPlay(state), state.game.endsAt], [true, 20000]);

  // The own connection goes and comes back.
  tell({ type: "socket/lost", wait: 300 });
  same("no card without a connection", [mayPlay(state), state.retryAt], [false, 6300]);
  tell({ type: "socket/open" });
  same("no card before the server has told how it stands", mayPlay(state), false);
  same("a game that is on its way is waited for", (tell({ type: "error", code: "unavailable", message: "Not now.", ref: "rejoin" }), [state.screen, state.fault.message, mayPlay(state)]),
    ["game", "Not now.", false]);
  tell({ type: "game_state", game_id: "g", state: "in_progress", phase: "open", seat: 0, current_round: 2, current_product: begin.product, players: [person("a", 1), person("b")],
    your_cards: cards.slice(1), your_card: cards[0], opponent_has_played: true, ends_in_ms: 9000, is_paused: false, rounds: [{ ...done([0]), type: undefined }] });
  same("what the server told", [state.game.round, state.game.mine.code, state.game.isRivalDown, state.game.endsAt, state.game.players[0].score, state.game.results.length],
    [2, "DE", true, 15000, 1, 1]);
  same("a game that is gone leads to the lobby", (tell({ type: "error", code: "no_game", ref: "rejoin" }), [state.screen, state.fault.message]), ["lobby", "That game is over."]);

  // Ends.
  const end = (event) => {
    seated();
    tell(event);
    return [state.screen, state.ending.result, reason(state.ending), result(state.ending)];
  };
  same("won", end({ type: "game_ended", winner_id: "a", final_scores: [person("a", 5), person("b", 4)], elo: [{ player_id: "a", before: 1200, after: 1216, change: 16 }] }),
    ["over", "won", null, "You win, 5 to 4."]);
  same("the rating moves", [state.ending.elo.change, state.me.rating], [16, 1216]);
  same("drawn", end({ type: "game_ended", winner_id: null, final_scores: [person("a", 5), person("b", 5)], elo: null }), ["over", "draw", null, "A draw, 5 to 5."]);
  same("forfeited", end({ type: "game_forfeited", reason: "opponent_disconnected", winner_id: "b", final_scores: [person("a", 0), person("b", 9)] }),
    ["over", "lost", "You did not come back in time.", "You lose, 0 to 9."]);
  same("given up", end({ type: "game_forfeited", reason: "quit", winner_id: "a", final_scores: [person("a", 9), person("b", 0)] }), ["over", "won", "B gave up.", "You win, 9 to 0."]);
  same("abandoned", end({ type: "game_abandoned", reason: "nobody_is_left" }), ["over", "none", "The game was ended before its last round.", "The game counts for nothing."]);

  // Refusals while waiting.
  state = initial({ id: "a" }, "ABC234");
  tell({ type: "ui/wait", kind: "friend", room: "ABC234" });
  same("no data yet: the place is kept", (tell({ type: "error", code: "no_data", ref: "join" }), [state.screen, state.fault.code]), ["waiting", "no_data"]);
  const fault = state.fault;
  same("no data yet is said once", [tell({ type: "error", code: "no_data", ref: "join" }), state.fault === fault], [null, true]);
  same("values have come", (tell({ type: "data_updated", data: { year: 2023, origin: "upstream", fallback_products: 0 } }), [state.fault, state.data.origin]), [null, "upstream"]);
  same("no such room: back, with words", (tell({ type: "error", code: "room_not_found", ref: "join" }), [state.screen, state.fault.code, state.invitation]), ["lobby", "room_not_found", "ABC234"]);
  return wrong;
}
