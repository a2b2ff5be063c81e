// The table: score, product, clock, cards, and the values once both cards are down.

import { verdict } from "./announce.js";
import { chart } from "./chart.js";
import { attribute, button, focusOn, h, show, spoken, write } from "./dom.js";
import { count, secondsLeft } from "./format.js";
import { makeHand } from "./hand.js";
import { isMadeUp, provenance } from "./notices.js";
import { called, opening, outcome } from "./protocol.js";
import { rivalSeat } from "./state.js";

const signs = { won: "✓", lost: "✗", tied: "=" };
const pointWords = { won: "you won", lost: "you lost", tied: "tie" };

function makeSide(kind) {
  const name = h("span", { class: "who" });
  const doing = h("span", { class: "doing" });
  const score = h("span", { class: "score" });
  const root = h("div", { class: `side ${kind}` }, h("div", { class: "names" }, name, doing), score);
  return {
    root,
    show(player, label, does) {
      write(name, label);
      write(doing, does);
      write(score, String(player?.score ?? 0));
      attribute(score, "aria-label", `${player?.score ?? 0} points`);
      attribute(score, "role", "img");
    },
  };
}

function makeClock() {
  const fill = h("span", { class: "fill" });
  const text = h("span", { class: "time" });
  const root = h("div", { class: "clock", role: "timer", "aria-live": "off" }, h("span", { class: "rail", "aria-hidden": "true" }, fill), text);
  return {
    root,
    show(left, whole, words) {
      fill.style.transform = `scaleX(${Math.max(0, Math.min(1, left / whole))})`;
      root.classList.toggle("urgent", left <= 5_000);
      write(text, words);
    },
  };
}

export function makeGame(act) {
  const heading = h("h1", { class: "round" });
  const quit = button("Give up", () => confirm.showModal(), { class: "quiet" });
  const pips = h("ol", { class: "pips", "aria-label": "Rounds" });
  const mine = makeSide("mine");
  const theirs = makeSide("theirs");
  const category = h("p", { class: "category" });
  const product = h("h2", { class: "product" });
  const clock = makeClock();
  const status = h("p", { class: "status" });
  const fault = h("p", { class: "fault" });
  const hand = makeHand(act);
  const verdictText = h("h2", { class: "verdict" });
  const next = h("p", { class: "next help" });
  const figure = h("div", { class: "figure" });
  const origin = h("p", { class: "origin" });
  const shown = h("section", { class: "shown", "aria-label": "Values of the round" }, verdictText, next, figure, origin);
  const choice = h("section", { class: "choice", "aria-label": "Your move" }, status, hand.root);

  const question = h("p", { id: "quit-text" });
  const confirm = h("dialog", { "aria-labelledby": "quit-title", "aria-describedby": "quit-text" },
    h("h2", { id: "quit-title", text: "Give up this game?" }), question,
    h("div", { class: "row" }, button("Play on", () => confirm.close(), { class: "primary", autofocus: true }), button("Give up", () => {
      confirm.close();
      act.quit();
    })));

  const root = h("div", { class: "screen game" },
    h("div", { class: "bar-top" }, heading, quit),
    h("div", { class: "sides" }, mine.root, theirs.root), pips,
    h("div", { class: "question" }, category, product), clock.root, fault, choice, shown, confirm);
  let drawn = null;

  function drawPips(game) {
    const items = Array.from({ length: game.total }, (_, place) => {
      const round = game.results.find((other) => other.number === place + 1);
      if (!round) return h("li", { class: place + 1 === game.round ? "now" : "", "aria-current": place + 1 === game.round ? "step" : null, text: String(place + 1) });
      const kind = outcome(round, game.seat);
      return h("li", { class: kind }, h("span", { "aria-hidden": "true", text: signs[kind] }), spoken(`Round ${round.number}: ${pointWords[kind]}`));
    });
    pips.replaceChildren(...items);
  }

  function drawRound(game) {
    const round = game.results.at(-1);
    const key = game.phase === "shown" && round ? round : `${game.round} ${game.results.length}`;
    if (key === drawn) return;
    drawn = key;
    drawPips(game);
    if (game.phase !== "shown" || !round) return;
    const rival = opening(game.players[rivalSeat(game)]);
    write(verdictText, verdict(round, game.seat, rival));
    verdictText.className = `verdict ${outcome(round, game.seat)}`;
    figure.replaceChildren(chart(round, game.seat, game.players));
  }

  function doing(game) {
    if (game.phase !== "open") return ["", ""];
    const own = game.isDown ? "card down" : "to play";
    const other = game.halted ? "away" : game.isRivalDown ? "card down" : "thinking";
    return [own, other];
  }

  function tellStatus(state, rival) {
    const { game } = state;
    if (state.socket === "lost") return "Connection lost. Your place is kept for 30 seconds.";
    if (game.halted) return `The clock stands until ${rival} is back.`;
    if (game.isResuming) return "Coming back to the game…";
    if (game.phase === "dealt") return `You play against ${rival}. These are your countries.`;
    if (game.mine) return `You played ${game.mine.name}. ${game.isRivalDown ? "" : `Waiting for ${rival}.`}`;
    if (game.isDown) return "Time is up: your first card was played for you.";
    return "Which of your countries exports more of it?";
  }

  function tick(state, now) {
    const { game } = state;
    if (!game) return;
    if (game.halted) {
      const rival = opening(game.players[rivalSeat(game)]);
      const left = secondsLeft(game.halted.until, now);
      clock.show(game.halted.until - now, game.halted.whole, `${rival} lost the connection. ${count(left, "second")} to come back.`);
      show(clock.root, true);
      write(next, "The game waits.");
      return;
    }
    show(clock.root, game.phase === "open" && game.endsAt !== null && !game.isResuming);
    if (game.endsAt !== null) {
      const left = secondsLeft(game.endsAt, now);
      clock.show(game.endsAt - now, game.roundTime, left > 0 ? count(left, "second") : "Time is up");
    }
    const isLast = game.round >= game.total;
    if (game.nextAt === null) write(next, "");
    else write(next, `${isLast ? "The result" : `Round ${game.round + 1}`} in ${count(secondsLeft(game.nextAt, now), "second")}.`);
    const data = game.results.at(-1)?.data ?? null;
    write(origin, game.phase === "shown" ? provenance(data, now) : provenance(state.data, now));
  }

  return {
    root,
    tick,
    show(state, now) {
      const { game } = state;
      if (!game) {
        drawn = null;
        if (confirm.open) confirm.close();
        return;
      }
      const rival = game.players[rivalSeat(game)];
      root.classList.toggle("halted", Boolean(game.halted));
      write(heading, game.round > 0 ? `Round ${game.round} of ${game.total}` : "The game begins");
      const [own, other] = doing(game);
      mine.show(game.players[game.seat], "You", own);
      theirs.show(rival, rival?.name ?? "Opponent", other);
      write(category, game.product?.category?.replaceAll("_", " ") ?? "");
      write(product, game.product?.name ?? "");
      write(status, tellStatus(state, called(rival)));
      write(fault, state.fault?.message ?? "");
      show(fault, Boolean(state.fault));
      write(question, rival?.isComputer
        ? "A game against the computer that you give up counts for nothing."
        : `${opening(rival)} wins 9 to 0 then, and your rating falls.`);
      drawRound(game);
      show(choice, game.phase !== "shown");
      show(shown, game.phase === "shown" && game.results.length > 0);
      if (game.phase !== "shown") hand.show(state);
      const last = game.results.at(-1)?.data ?? null;
      origin.classList.toggle("made-up", game.phase === "shown" && isMadeUp(last));
      tick(state, now);
    },
    focus(state) {
      if (confirm.open) return;
      if (state.game?.phase === "shown") focusOn(verdictText);
      else if (state.game?.phase === "open" && !state.game.isDown) hand.focusFirst();
      else focusOn(heading);
    },
  };
}
