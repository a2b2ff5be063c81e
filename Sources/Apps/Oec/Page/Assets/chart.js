// The values of a round as bars: a table whose cells are drawn, so that it reads as well as it looks.

import { h, spoken } from "./dom.js";
import { flag, money, moneyWords } from "./format.js";

function badges(value, seat, players) {
  return value.seats.toSorted((a, b) => Number(b === seat) - Number(a === seat)).map((by) =>
    by === seat
      ? h("span", { class: "badge mine", text: "You" })
      : h("span", { class: "badge theirs", text: players[by].isComputer ? "Computer" : "Opponent" }));
}

function row(value, most, seat, players) {
  const isMine = value.seats.includes(seat);
  const isTheirs = value.seats.some((by) => by !== seat);
  const kind = isMine && isTheirs ? "both" : isMine ? "mine" : isTheirs ? "theirs" : "";
  const bar = h("span", { class: `bar ${kind}` });
  bar.hidden = !value.usd;
  bar.style.inlineSize = `${most > 0 ? Math.max(value.usd > 0 ? 0.5 : 0, (value.usd / most) * 100) : 0}%`;
  return h("tr", { class: kind, role: "row" },
    h("th", { scope: "row", role: "rowheader" }, h("span", { class: "country" }, h("span", { class: "flag", "aria-hidden": "true", text: flag(value.code) }), h("span", { class: "name", text: value.name })),
      ...badges(value, seat, players)),
    h("td", { class: "value", role: "cell" }, h("span", { "aria-hidden": "true", text: money(value.usd) }), spoken(moneyWords(value.usd))),
    h("td", { class: "track", "aria-hidden": "true" }, bar));
}

/** Draws a finished round as seen from a seat. */
export function chart(round, seat, players) {
  const most = Math.max(0, ...round.values.map((value) => value.usd));
  const year = round.data?.year ? `, ${round.data.year}` : "";
  const caption = `Exports of ${round.product?.name ?? "this product"}${year}, in US dollars`;
  // The roles stand there because rows that are laid out as a grid lose them in some browsers.
  return h("table", { class: "chart", role: "table" },
    h("caption", { text: caption }),
    h("thead", { class: "spoken", role: "rowgroup" }, h("tr", { role: "row" },
      h("th", { scope: "col", role: "columnheader", text: "Country" }), h("th", { scope: "col", role: "columnheader", text: "Value" }))),
    h("tbody", { role: "rowgroup" }, round.values.map((value) => row(value, most, seat, players))));
}
