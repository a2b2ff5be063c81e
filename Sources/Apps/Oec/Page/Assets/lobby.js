// The first screen: who you are, and against whom you want to play.

import { attribute, button, focusOn, h, show, write } from "./dom.js";

export function makeLobby(act) {
  const heading = h("h1", { text: "Who exports more?" });
  const lead = h("p", {
    class: "lead",
    text: "Nine rounds, one product each. Play the country that you believe exports more of it than your opponent’s.",
  });

  const name = h("input", {
    id: "name", name: "nickname", type: "text", maxlength: 20, autocomplete: "nickname", spellcheck: "false",
    "aria-describedby": "name-help",
  });
  const nameHelp = h("p", { id: "name-help", class: "help", text: "Letters, numbers and spaces. Left empty, you get a name." });
  const naming = h("div", { class: "field" }, h("label", { for: "name", text: "Your name" }), name, nameHelp);
  const identity = h("p", { class: "identity" });
  const own = h("strong");
  const record = h("span", { class: "help" });
  identity.append("You play as ", own, " ", record);
  const other = button("Be somebody else", () => act.forgetPlayer());
  const known = h("div", { class: "known" }, identity, other);

  const invitedTo = h("p", { class: "invitation" });
  const accept = button("Join your friend", () => act.joinRoom(act.invitation(), name.value), { class: "primary" });
  const decline = button("No, thanks", () => act.decline());
  const invitation = h("section", { class: "panel", "aria-label": "Invitation" }, invitedTo, h("div", { class: "row" }, accept, decline));

  const resume = button("Return to your game", () => act.resumeOther(), { class: "primary" });
  const running = h("section", { class: "panel", "aria-label": "Running game" },
    h("p", { text: "A game of yours may still be running. Another tab that shows it is closed when you return here." }), resume);

  const find = h("button", { type: "submit", class: "primary", text: "Find an opponent" });
  const computer = button("Play the computer", () => act.playComputer(name.value));
  const friend = button("Invite a friend", () => act.openRoom(name.value));
  const choices = h("div", { class: "choices" }, find, computer, friend);
  const form = h("form", {
    novalidate: true,
    on: {
      submit: (event) => {
        event.preventDefault();
        if (act.invitation()) act.joinRoom(act.invitation(), name.value);
        else act.findOpponent(name.value);
      },
    },
  }, naming, known, invitation, choices);

  const code = h("input", {
    id: "code", name: "code", type: "text", maxlength: 12, autocomplete: "off", autocapitalize: "characters",
    spellcheck: "false", class: "code",
  });
  const codeForm = h("form", {
    class: "join", novalidate: true,
    on: {
      submit: (event) => {
        event.preventDefault();
        const wanted = code.value.replace(/[^A-Za-z0-9]/g, "").toUpperCase();
        if (wanted.length === 0) {
          act.fail("Type the code that your friend sent you.");
          code.focus();
        } else act.joinRoom(wanted, name.value);
      },
    },
  }, h("div", { class: "field" }, h("label", { for: "code", text: "Code of a friend’s room" }), code), h("button", { type: "submit", text: "Join" }));

  const rules = h("details", { class: "rules" }, h("summary", { text: "How it is played" }), h("ul", {},
    h("li", { text: "Both players hold the same ten countries; each can be played once." }),
    h("li", { text: "Each round names a product. You have 20 seconds to play a country, hidden until both have." }),
    h("li", { text: "The greater export value wins a point; equal values give a point to each." }),
    h("li", { text: "When the time is up, your first card is played for you." }),
    h("li", { text: "Whoever loses the connection may come back within 30 seconds." }),
    h("li", { text: "Games against people move your rating, and so do games against the computer." })));

  const fault = h("p", { class: "fault", id: "lobby-fault" });
  const root = h("div", { class: "screen lobby" }, heading, lead, fault, running, form, codeForm, rules);

  return {
    root,
    show(state) {
      const { me, pending, invitation: room } = state;
      show(naming, !me);
      show(known, Boolean(me));
      write(own, me?.name ?? "");
      write(record, me?.rating ? `rating ${me.rating}${me.games ? `, ${me.wins} won of ${me.games}` : ""}` : "");
      show(invitation, Boolean(room));
      write(invitedTo, room ? `You are invited to the private room ${room}.` : "");
      show(running, Boolean(state.otherSeat) && !room);
      show(codeForm, !room);
      find.className = room || state.otherSeat ? "" : "primary";
      find.type = room ? "button" : "submit";
      for (const control of [find, computer, friend, accept, ...codeForm.querySelectorAll("button")]) {
        attribute(control, "aria-disabled", pending ? "true" : null);
      }
      attribute(find, "aria-busy", pending ? "true" : null);
      write(fault, state.fault?.message ?? "");
      show(fault, Boolean(state.fault));
      const isNameWrong = state.fault?.code === "name_invalid";
      attribute(name, "aria-invalid", isNameWrong ? "true" : null);
      attribute(name, "aria-describedby", isNameWrong ? "lobby-fault name-help" : "name-help");
    },
    focus(state) {
      if (state.fault?.code === "name_invalid") name.focus();
      else focusOn(heading);
    },
  };
}
