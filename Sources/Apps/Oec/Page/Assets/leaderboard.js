// Players of three games and more, the best first.

import { leaderboard } from "./api.js";
import { button, focusOn, h, show, spoken, write } from "./dom.js";

export function makeLeaderboard(act) {
  const heading = h("h1", { text: "Leaderboard" });
  const status = h("p", { class: "lead", role: "status" });
  const retry = button("Try again", () => load());
  const table = h("div", { class: "scroll", role: "region", "aria-label": "Leaderboard", tabindex: 0 });
  const root = h("div", { class: "screen leaders" }, heading, status, table, h("div", { class: "row" }, button("Back", () => act.back(), { class: "primary" }), retry));
  let isShown = false;
  let name = null;

  function row(leader, place) {
    const isOwn = leader.display_name === name;
    return h("tr", { class: isOwn ? "own" : "" }, h("td", { class: "n", text: String(place + 1) }),
      h("th", { scope: "row" }, leader.display_name, isOwn && h("span", { class: "badge mine", text: "You" }),
        h("span", { class: "record", text: `${leader.wins} won, ${leader.losses} lost, ${leader.draws} drawn` })),
      h("td", { class: "n", text: String(leader.elo_rating) }), h("td", { class: "n", text: String(leader.games_played) }));
  }

  async function load() {
    show(retry, false);
    write(status, "Loading…");
    try {
      const leaders = await leaderboard();
      write(status, leaders.length > 0
        ? "Players of three games and more, by rating."
        : "Nobody has played three games yet. The first who does leads.");
      const head = ["", "Player", "Rating", "Games"].map((text) =>
        text ? h("th", { scope: "col", class: text === "Player" ? "" : "n", text }) : h("th", { scope: "col", class: "n" }, "#", spoken(" place")));
      show(table, leaders.length > 0);
      table.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, leaders.map(row))));
    } catch (failure) {
      show(table, false);
      write(status, failure.message);
      show(retry, true);
    }
  }

  return {
    root,
    show(state) {
      const isNow = state.screen === "leaderboard";
      name = state.me?.name ?? null;
      if (isNow && !isShown) load();
      isShown = isNow;
    },
    focus() {
      focusOn(heading);
    },
  };
}
