// The HTTP routes that the page uses; every failure is an error whose message can be shown.

/** A failure in words, with the status when the server answered. */
export class Failure extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

async function ask(path, body) {
  const options = { headers: { Accept: "application/json" }, cache: "no-store" };
  if (body) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(new URL(path, document.baseURI), options);
  } catch {
    throw new Failure("The server cannot be reached. Check your connection, then try again.");
  }
  const value = await answer.json().catch(() => null);
  if (answer.ok && value !== null) return value;
  const reason = typeof value?.detail === "string" ? value.detail : value?.title;
  throw new Failure(reason ?? `The server answered ${answer.status}. Try again in a moment.`, answer.status);
}

/** Makes a guest; without a name the server chooses one. `{id, secret, display_name, elo_rating, …}` */
export function makeGuest(name) {
  return ask("api/users/guest", name ? { name } : {});
}

/** A player's rating and record. */
export function player(id) {
  return ask(`api/users/${encodeURIComponent(id)}`);
}

/** Opens a private room for a day. */
export function openRoom(player) {
  return ask("api/private-rooms", { creator_id: player.id, secret: player.secret });
}

/** A private room that is open; a failure of status 404 otherwise. */
export function room(code) {
  return ask(`api/private-rooms/${encodeURIComponent(code)}`);
}

/** Players of three games and more, the best first. */
export function leaderboard() {
  return ask("api/leaderboard?limit=50");
}
