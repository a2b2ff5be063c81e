// What is said to those who do not see the page: one sentence for each thing that happened.

import { count, moneyWords } from "./format.js";
import { called, opening, outcome, worth } from "./protocol.js";
import { rivalSeat } from "./state.js";

/** The words for an event, or null; `before` and `after` are the states around it. */
export function announcement(event, before, after) {
  if (after.fault && after.fault !== before.fault) return after.fault.message;
  return sentences[event.type]?.(event, before, after) ?? null;
}

/** The verdict of a round in one sentence. */
export function verdict(round, seat, rival) {
  const [own, other] = [round.cards[seat], round.cards[1 - seat]];
  const [ours, theirs] = [moneyWords(worth(round, own.code)), moneyWords(worth(round, other.code))];
  switch (outcome(round, seat)) {
    case "won": return `You win the round: ${own.name}, ${ours}, beats ${other.name}, ${theirs}.`;
    case "lost": return `${rival} wins the round: ${other.name}, ${theirs}, beats ${own.name}, ${ours}.`;
    default:
      return own.code === other.code
        ? `Tie: you both played ${own.name}, ${ours}. A point for each.`
        : `Tie: ${own.name} and ${other.name} both have ${ours}. A point for each.`;
  }
}

/** The result of a game in one sentence. */
export function result(ending) {
  const [own, other] = [ending.players[ending.seat]?.score ?? 0, ending.players[1 - ending.seat]?.score ?? 0];
  switch (ending.result) {
    case "won": return `You win, ${own} to ${other}.`;
    case "lost": return `You lose, ${own} to ${other}.`;
    case "draw": return `A draw, ${own} to ${other}.`;
    default: return "The game counts for nothing.";
  }
}

/** Why a game ended before its last round, or null. */
export function reason(ending) {
  const rival = opening(ending.players[1 - ending.seat]);
  if (ending.how === "forfeited") {
    const didQuit = ending.reason === "quit";
    if (ending.result === "won") return didQuit ? `${rival} gave up.` : `${rival} did not come back in time.`;
    return didQuit ? "You gave up." : "You did not come back in time.";
  }
  if (ending.how !== "abandoned") return null;
  return ending.reason === "quit" ? "You ended the game." : "The game was ended before its last round.";
}

function score(game) {
  return `The score is ${game.players[game.seat].score} to ${game.players[rivalSeat(game)].score}.`;
}

function round(game) {
  const { product } = game;
  return `Round ${game.round} of ${game.total}: ${product?.name ?? ""}. Choose the country that exports more.`;
}

const sentences = {
  __proto__: null,
  "socket/lost": (_, before) => (before.socket === "open" ? "Connection lost. Trying again." : null),
  "socket/open": (_, before) => (before.socket === "lost" ? "Connected again." : null),
  "socket/replaced": () => "You play in another tab or window now.",
  "ui/wait": (event) => ({
    anyone: "Looking for an opponent.",
    computer: "Setting the table with the computer.",
    friend: `Waiting for your friend. The code of the room is ${[...(event.room ?? "")].join(" ")}.`,
  })[event.kind] ?? null,
  "ui/impatient": (_, __, after) =>
    after.waiting?.kind === "anyone" ? "Nobody has come yet. You can play the computer instead." : null,
  "ui/played": (event, _, after) => {
    const rival = called(after.game.players[rivalSeat(after.game)]);
    return `You played ${event.card.name}. ${after.game.isRivalDown ? "" : `Waiting for ${rival}.`}`;
  },
  game_found: (_, __, after) => `You play against ${called(after.game.players[rivalSeat(after.game)])}.`,
  round_started: (_, __, after) => round(after.game),
  card_played: (event, before, after) => {
    if (event.seat !== after.game?.seat) return `${opening(after.game?.players[event.seat])} has played.`;
    return event.by_clock ? "Time is up. A card was played for you." : null;
  },
  round_completed: (_, __, after) => {
    const { game } = after;
    const last = game.results.at(-1);
    const madeUp = last.data?.origin === "fallback" ? " The values of this round are made up." : "";
    return `${verdict(last, game.seat, opening(game.players[rivalSeat(game)]))} ${score(game)}${madeUp}`;
  },
  opponent_disconnected: (event, _, after) =>
    after.game ? `${after.game.players[rivalSeat(after.game)].name} lost the connection. The clock stands for up to ${count(event.grace_seconds, "second")}.` : null,
  opponent_reconnected: (event, __, after) =>
    after.game && !event.is_paused ? `${after.game.players[rivalSeat(after.game)].name} is back. The game goes on.` : null,
  game_state: (_, before, after) =>
    before.game?.isResuming && after.game ? `You are back in the game. ${score(after.game)} ${after.game.phase === "open" ? round(after.game) : ""}` : null,
  game_ended: (_, __, after) => (after.ending ? `The game is over. ${result(after.ending)}` : null),
  game_forfeited: (_, __, after) => (after.ending ? `${reason(after.ending)} ${result(after.ending)}` : null),
  game_abandoned: (_, __, after) => (after.ending ? `${reason(after.ending)} ${result(after.ending)}` : null),
  data_updated: (_, before, after) =>
    before.data?.madeUp && !after.data?.madeUp ? "Real trade values have arrived. Nothing is made up any longer." : null,
  connected: (_, before, after) =>
    after.data?.madeUp && !before.data ? (after.data.note ?? "Attention: some values in this game are made up.") : null,
};
