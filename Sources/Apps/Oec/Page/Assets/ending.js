// The last screen of a game: the result, what it did to the rating, and every round.

import { reason, result } from "./announce.js";
import { button, focusOn, h, show, spoken, write } from "./dom.js";
import { flag, money, moneyWords, signed } from "./format.js";
import { called, outcome, worth } from "./protocol.js";

const titles = { won: "You win", lost: "You lose", draw: "A draw", none: "The game is over" };
const points = { won: "You won", lost: "You lost", tied: "Tie" };

function played(round, seat) {
  const card = round.cards[seat];
  const value = worth(round, card.code);
  return h("td", {}, h("span", { class: "flag", "aria-hidden": "true", text: flag(card.code) }), h("span", { class: "name", text: card.name }), " ",
    h("span", { class: "amount" }, h("span", { "aria-hidden": "true", text: money(value) }), spoken(moneyWords(value))));
}

function rounds(ending) {
  const rival = ending.players[1 - ending.seat]?.name ?? "Opponent";
  const rows = ending.results.toSorted((a, b) => a.number - b.number).map((round) => {
    const kind = outcome(round, ending.seat);
    return h("tr", { class: kind },
      h("th", { scope: "row" }, h("span", { class: "number", text: `${round.number}. ` }), round.product?.name ?? `Round ${round.number}`,
        round.data?.origin === "fallback" && h("span", { class: "tag", text: "made up" })),
      played(round, ending.seat), played(round, 1 - ending.seat), h("td", { class: "point", text: points[kind] }));
  });
  return h("table", { class: "rounds" }, h("caption", { text: "All rounds" }),
    h("thead", {}, h("tr", {}, ["Product", "You", rival, "Point"].map((text) => h("th", { scope: "col", text })))),
    h("tbody", {}, rows));
}

export function makeEnding(act) {
  const heading = h("h1");
  const score = h("p", { class: "final", role: "img" });
  const why = h("p", { class: "lead" });
  const elo = h("p", { class: "elo" });
  const again = button("Play again", () => act.again(), { class: "primary" });
  const lobby = button("To the start", () => act.lobby());
  const leaders = button("Leaderboard", () => act.leaderboard());
  const table = h("div", { class: "scroll", role: "region", "aria-label": "All rounds", tabindex: 0 });
  const root = h("div", { class: "screen ending" }, heading, score, why, elo, h("div", { class: "row" }, again, lobby, leaders), table);
  let drawn = null;

  return {
    root,
    show(state) {
      const { ending } = state;
      if (!ending || ending === drawn) return;
      drawn = ending;
      const [own, other] = [ending.players[ending.seat], ending.players[1 - ending.seat]];
      write(heading, titles[ending.result]);
      heading.className = ending.result;
      show(score, ending.result !== "none");
      score.replaceChildren(h("span", { class: "mine", text: String(own?.score ?? 0) }), " : ", h("span", { class: "theirs", text: String(other?.score ?? 0) }));
      score.setAttribute("aria-label", `${own?.score ?? 0} to ${other?.score ?? 0} against ${called(other)}`);
      write(why, [reason(ending), ending.result === "none" ? result(ending) : `You played against ${called(other)}.`].filter(Boolean).join(" "));
      show(elo, ending.result !== "none");
      if (!ending.elo) write(elo, "Your rating is moved a little later.");
      else write(elo, `Your rating: ${ending.elo.before} → ${ending.elo.after} (${signed(ending.elo.change ?? ending.elo.after - ending.elo.before)})`);
      show(table, ending.results.length > 0);
      table.replaceChildren(rounds(ending));
    },
    focus() {
      focusOn(heading);
    },
  };
}
