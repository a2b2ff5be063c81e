// The screen between the lobby and a game: for anybody, for a friend, or for the computer to take its seat.

import { button, focusOn, h, show, write } from "./dom.js";

const headings = {
  anyone: "Looking for an opponent",
  friend: "Waiting for your friend",
  computer: "Setting the table",
};

export function makeWaiting(act) {
  const heading = h("h1");
  const text = h("p", { class: "lead" });
  const dots = h("div", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));

  const code = h("output", { class: "room-code", "aria-label": "Code of the room" });
  const link = h("input", { id: "share", type: "text", readonly: true, class: "link", on: { focus: () => link.select() } });
  const copied = h("span", { class: "help", role: "status" });
  const copy = button("Copy the link", async () => {
    try {
      await navigator.clipboard.writeText(link.value);
      write(copied, "Copied.");
    } catch {
      link.select();
      write(copied, "Copy the marked link with your keyboard or by a long press.");
    }
  }, { class: "primary" });
  const share = button("Share…", () => navigator.share({ title: "Export Nine", url: link.value }).catch(() => {}));
  show(share, typeof navigator.share === "function");
  const room = h("section", { class: "panel room", "aria-label": "Private room" },
    h("p", { text: "Tell your friend this code, or send the link. The room is open for a day." }), code,
    h("div", { class: "field" }, h("label", { for: "share", text: "Link to the room" }), link),
    h("div", { class: "row" }, copy, share, copied));

  const offer = h("p");
  const computer = button("Play the computer", () => act.computerInstead());
  const instead = h("section", { class: "panel", "aria-label": "Play the computer instead" }, offer, computer);
  const fault = h("p", { class: "fault" });
  const leave = button("Stop waiting", () => act.leave());
  const root = h("div", { class: "screen waiting" }, heading, text, dots, fault, room, instead, h("div", { class: "row" }, leave));

  return {
    root,
    show(state) {
      const { waiting } = state;
      if (!waiting) return;
      write(heading, headings[waiting.kind]);
      write(text, state.me ? `You play as ${state.me.name}. The game begins by itself.` : "The game begins by itself.");
      show(room, waiting.kind === "friend" && Boolean(waiting.room));
      if (waiting.room) {
        write(code, waiting.room);
        const address = new URL(`?room=${waiting.room}`, document.baseURI).href;
        if (link.value !== address) link.value = address;
      }
      show(instead, waiting.kind !== "computer");
      write(offer, waiting.kind === "friend"
        ? "No time to wait? The computer always has."
        : waiting.isPatient ? "You need not wait: the computer plays at once." : "Nobody has come yet. Play the computer instead?");
      instead.classList.toggle("urgent", !waiting.isPatient && waiting.kind === "anyone");
      computer.className = !waiting.isPatient && waiting.kind === "anyone" ? "primary" : "";
      write(fault, state.fault?.message ?? "");
      show(fault, Boolean(state.fault));
    },
    focus() {
      focusOn(heading);
    },
  };
}
