// What is kept in the browser: the player, and the seat of the game that is played.
// Without storage (private windows of some browsers) everything still works until the tab is closed.

const playerKey = "freshet.oec.player";
const seatKey = "freshet.oec.seat";
// A seat is given up by the server long before.
const seatLife = 3_600_000;

const memory = new Map();

function read(area, key) {
  try {
    return JSON.parse(area().getItem(key));
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(area, key, value) {
  if (value === null) memory.delete(key);
  else memory.set(key, value);
  try {
    if (value === null) area().removeItem(key);
    else area().setItem(key, JSON.stringify(value));
  } catch {
    // Kept in memory, above.
  }
}

const local = () => window.localStorage;
const session = () => window.sessionStorage;

function isSeat(value) {
  return typeof value?.gameId === "string" && typeof value?.secret === "string" && Date.now() - value.at < seatLife;
}

/** `{id, secret, name}`, or null. */
export function loadPlayer() {
  const value = read(local, playerKey);
  return typeof value?.id === "string" && typeof value?.secret === "string" ? value : null;
}

export function savePlayer(player) {
  write(local, playerKey, player);
}

/** This tab's seat `{gameId, secret}`: a reload goes on with it. */
export function loadSeat() {
  const value = read(session, seatKey);
  return isSeat(value) ? value : null;
}

/** The seat that any tab of this browser took last: offered, since that tab may still be open. */
export function loadOtherSeat() {
  const value = read(local, seatKey);
  return isSeat(value) ? value : null;
}

export function saveSeat(gameId, secret) {
  const value = { gameId, secret, at: Date.now() };
  write(session, seatKey, value);
  write(local, seatKey, value);
}

/** Forgets this tab's seat, and the shared one when it is the same game. */
export function forgetSeat(gameId) {
  write(session, seatKey, null);
  const other = read(local, seatKey);
  if (!gameId || other?.gameId === gameId) write(local, seatKey, null);
}
