// What stands above every screen: the state of the connection, and where the values come from.

import { button, h, show, write } from "./dom.js";
import { age, secondsLeft } from "./format.js";

/** Where values come from and how old they are, in a sentence. */
export function provenance(data, now) {
  if (!data) return "";
  const seconds = data.ageSeconds === null ? null : data.ageSeconds + Math.floor((now - data.at) / 1000);
  const fetched = seconds === null ? "" : `, last fetched ${age(seconds)} ago`;
  switch (data.origin) {
    case null: return "No trade values have been received yet.";
    case "fallback": return `Made-up values for ${data.year}: no real ones have been received yet.`;
    case "import": return `Exports of ${data.year}, Observatory of Economic Complexity, from an imported file${fetched}.`;
    case "mixed": return `Exports of ${data.year}, Observatory of Economic Complexity${data.madeUp > 0 ? " or made up" : ", some from an imported file"}${fetched}.`;
    default: return `Exports of ${data.year}, Observatory of Economic Complexity${fetched}${data.isStale ? ", older than they should be" : ""}.`;
  }
}

export function isMadeUp(data) {
  return Boolean(data) && (data.origin === "fallback" || data.madeUp > 0);
}

function alarm(data) {
  if (data.origin === "fallback") return "All values are made up.";
  return data.madeUp === 1 ? "The values of one product are made up." : `The values of ${data.madeUp} products are made up.`;
}

export function makeNotices(act) {
  const lostText = h("p");
  const retry = button("Try now", () => act.retryNow());
  const lost = h("div", { class: "notice warning" }, lostText, retry);
  const replaced = h("div", { class: "notice warning" },
    h("p", { text: "You play in another tab or window." }),
    button("Play here instead", () => act.takeOver(), { class: "primary" }));
  const madeUpTitle = h("strong");
  const madeUpText = h("span");
  const madeUp = h("div", { class: "notice made-up", id: "made-up" }, h("p", {}, h("span", { class: "sign", "aria-hidden": "true", text: "⚠" }), " ", madeUpTitle, " ", madeUpText));
  const root = h("section", { class: "notices", "aria-label": "Notices" }, lost, replaced, madeUp);

  return {
    root,
    show(state, now) {
      const isLost = state.socket === "lost" && state.retryAt !== null;
      show(lost, isLost);
      const isLate = secondsLeft(state.retryAt ?? now, now);
      write(lostText, isLost ? `The connection is lost. ${isLate > 0 ? `Next attempt in ${isLate} s.` : "Connecting…"}` : "");
      show(replaced, state.socket === "replaced");
      const isAlarming = isMadeUp(state.data);
      show(madeUp, isAlarming);
      write(madeUpTitle, isAlarming ? alarm(state.data) : "");
      write(madeUpText, isAlarming ? (state.data.origin === "fallback" && state.data.note) || "They follow trade patterns, but nobody has measured them. Rounds with such values are marked." : "");
      // The cards of a phone should stay in sight.
      show(madeUpText, state.screen !== "game");
      show(root, isLost || state.socket === "replaced" || isAlarming);
    },
  };
}
