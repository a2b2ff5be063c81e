// The cards of a player: buttons in a grid, with the arrow keys moving between them.

import { attribute, h, show, spoken } from "./dom.js";
import { flag } from "./format.js";
import { mayPlay } from "./state.js";

export function makeHand(act) {
  const root = h("div", { class: "hand", role: "group", "aria-label": "Your countries", on: { keydown: move } });
  const buttons = new Map();

  function card(country) {
    const mark = h("span", { class: "mark", hidden: true }, h("span", { "aria-hidden": "true", text: "✓" }), spoken("played"));
    const face = h("button", {
      type: "button", class: "card", "data-code": country.code,
      on: { click: () => face.getAttribute("aria-disabled") !== "true" && act.play(country) },
    }, h("span", { class: "flag", "aria-hidden": "true", text: flag(country.code) }), h("span", { class: "name", text: country.name }), mark);
    return { face, mark };
  }

  function cards() {
    return [...root.children];
  }

  /** How many cards stand in a line now. */
  function columns() {
    const all = cards();
    const first = all[0]?.offsetTop;
    const next = all.findIndex((other) => other.offsetTop !== first);
    return next < 0 ? all.length : next;
  }

  function move(event) {
    const all = cards();
    const place = all.indexOf(document.activeElement);
    if (place < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const width = columns();
    const target = {
      ArrowLeft: place - 1, ArrowRight: place + 1, ArrowUp: place - width, ArrowDown: place + width, Home: 0, End: all.length - 1,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    all[Math.min(all.length - 1, Math.max(0, target))].focus();
  }

  return {
    root,
    show(state) {
      const { game } = state;
      const held = game.cards.some((country) => country.code === game.mine?.code) || !game.mine ? game.cards : [...game.cards, game.mine];
      for (const [code, { face }] of buttons) {
        if (held.some((country) => country.code === code)) continue;
        face.remove();
        buttons.delete(code);
      }
      const isOpen = mayPlay(state);
      for (const country of held) {
        let known = buttons.get(country.code);
        if (!known) {
          known = card(country);
          buttons.set(country.code, known);
          root.append(known.face);
        }
        const isPlayed = game.mine?.code === country.code;
        attribute(known.face, "aria-disabled", isOpen ? null : "true");
        known.face.classList.toggle("played", isPlayed);
        show(known.mark, isPlayed);
      }
    },
    focusFirst() {
      root.firstElementChild?.focus({ preventScroll: true });
    },
  };
}
