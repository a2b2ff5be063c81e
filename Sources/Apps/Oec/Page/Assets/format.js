// Numbers, ages and flags as people read them.

const steps = [
  [1e12, "tn", "trillion"],
  [1e9, "bn", "billion"],
  [1e6, "m", "million"],
  [1e3, "k", "thousand"],
];

function scaled(usd) {
  for (const [size, short, long] of steps) {
    // What would round up to 1000 belongs to the next step.
    if (usd >= size * 0.9995) {
      const number = usd / size;
      return { digits: number.toFixed(number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2), short, long };
    }
  }
  return { digits: String(Math.round(usd)), short: "", long: "" };
}

/** `$12.3 bn`; a value that nobody reports counts as nothing. */
export function money(usd) {
  if (!usd) return "none";
  const { digits, short } = scaled(usd);
  return short ? `$${digits} ${short}` : `$${digits}`;
}

/** `12.3 billion dollars`. */
export function moneyWords(usd) {
  if (!usd) return "no exports";
  const { digits, long } = scaled(usd);
  return `${digits} ${long ? `${long} ` : ""}dollars`;
}

/** `5 minutes`, `1 day`. */
export function age(seconds) {
  const units = [[86400, "day"], [3600, "hour"], [60, "minute"]];
  for (const [size, name] of units) {
    if (seconds >= size) {
      const count = Math.floor(seconds / size);
      return `${count} ${name}${count === 1 ? "" : "s"}`;
    }
  }
  return "less than a minute";
}

/** A number with its sign; zero has ±. */
export function signed(number) {
  if (number === 0) return "±0";
  return number > 0 ? `+${number}` : `−${-number}`;
}

/** The flag of an ISO 3166 code of two letters. */
export function flag(code) {
  if (!/^[A-Za-z]{2}$/.test(code)) return "";
  return String.fromCodePoint(...[...code.toUpperCase()].map((letter) => 0x1f1e6 + letter.charCodeAt(0) - 65));
}

/** Whole seconds that are left; never below zero. */
export function secondsLeft(until, now) {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** `1 second`, `3 seconds`. */
export function count(number, unit) {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
