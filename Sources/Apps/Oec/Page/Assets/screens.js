// Which screen is shown, and where the focus goes when that changes.

import { show, write } from "./dom.js";
import { makeEnding } from "./ending.js";
import { makeGame } from "./game.js";
import { makeLeaderboard } from "./leaderboard.js";
import { makeLobby } from "./lobby.js";
import { makeNotices, provenance } from "./notices.js";
import { makeWaiting } from "./waiting.js";

const names = {
  lobby: "Export Nine", waiting: "Waiting – Export Nine", game: "Playing – Export Nine", over: "Result – Export Nine",
  leaderboard: "Leaderboard – Export Nine",
};

/** What the player has in front of them; when it changes, the focus moves with it. */
function stage(state) {
  const { screen, game } = state;
  if (screen !== "game" || !game) return screen;
  if (game.phase === "dealt" || game.isResuming) return "game";
  return `game ${game.round} ${game.phase}`;
}

export function makeScreens(act, { main, notices, source, pages }) {
  const screens = {
    lobby: makeLobby(act), waiting: makeWaiting(act), game: makeGame(act), over: makeEnding(act), leaderboard: makeLeaderboard(act),
  };
  const top = makeNotices(act);
  notices.append(top.root);
  for (const screen of Object.values(screens)) {
    screen.root.hidden = true;
    main.append(screen.root);
  }
  let last = null;

  function showAround(state, now) {
    top.show(state, now);
    write(source, provenance(state.data, now));
    // The values of a round carry a note of their own.
    show(source, Boolean(state.data) && state.game?.phase !== "shown");
    show(pages, state.screen !== "game" && state.screen !== "waiting");
  }

  return {
    show(state, now) {
      showAround(state, now);
      for (const [name, screen] of Object.entries(screens)) {
        screen.show(state, now);
        show(screen.root, name === state.screen);
      }
      const current = stage(state);
      if (current === last) return;
      const isFirst = last === null;
      last = current;
      document.title = names[state.screen];
      // The start of the document is the right place when the page has just been opened.
      if (isFirst && state.screen === "lobby") return;
      screens[state.screen].focus(state);
      window.scrollTo(0, 0);
    },
    /** Moves the clocks on. */
    tick(state, now) {
      showAround(state, now);
      if (state.screen === "game") screens.game.tick(state, now);
    },
    /** Brings what was refused to the player's eyes. */
    focus(state) {
      screens[state.screen].focus(state);
    },
  };
}
