// Keeps the page up to date: events come by themselves, numbers are asked for when they may have changed.
import { morph } from "./morph.js";
import { row } from "./news.js";
import { readEvents } from "./stream.js";

const POLL = 5000;
const SHOWN = 50;
const SILENCE = 40000;
const $ = (id) => document.getElementById(id);

let tag = "";
// How far the server's clock is ahead of this one's, in milliseconds.
let ahead = 0;
// The server's time at which the numbers were last known to be so.
let shownAt = Date.parse(document.body.dataset.at);
let place = $("news")?.dataset.place ?? "";
let waiting = [];
// Why and since when numbers or events do not come; null while they do.
const lost = { numbers: null, events: null };
let refused = false;
let restart = new AbortController();
const resting = new Set();

const now = () => Date.now() + ahead;
const token = () => sessionStorage.getItem("freshet-token") ?? "";
const credentials = () => (token() ? { Authorization: `Bearer ${token()}` } : {});
const utc = (time) => new Date(time).toISOString().slice(11, 19);

// ---- Numbers

async function poll() {
  let answer;
  try {
    answer = await fetch("/home/board", {
      headers: { ...credentials(), ...(tag ? { "If-None-Match": tag } : {}) }, cache: "no-store",
      signal: AbortSignal.timeout(10000),
    });
  } catch {
    return lose("numbers", "the server does not answer");
  }
  if (answer.status === 401 || answer.status === 403) return refuse(answer.status);
  if (answer.status !== 200 && answer.status !== 304) return lose("numbers", `the server answered ${answer.status}`);
  const mark = answer.headers.get("Freshet-Page");
  if (mark && mark !== document.body.dataset.page) return location.reload();
  setClock(answer.headers.get("Date"));
  shownAt = answer.status === 304 ? now() : Date.parse(answer.headers.get("Freshet-At")) || now();
  if (answer.status === 200) {
    const text = await answer.text().catch(() => null);
    if (text === null) return lose("numbers", "the answer broke off");
    tag = answer.headers.get("ETag") ?? "";
    show(text);
  }
  refused = false;
  lost.numbers = null;
  tick();
}

// A clock that is right within two seconds is right enough: the field has whole seconds.
function setClock(date) {
  const difference = Date.parse(date) + 500 - Date.now();
  if (Math.abs(difference - ahead) > 2000) ahead = Math.abs(difference) > 2000 ? difference : 0;
}

function show(text) {
  const board = new DOMParser().parseFromString(text, "text/html").getElementById("board");
  if (!board) return;
  const news = board.querySelector("#news");
  if (news) keepNewer(news, board.querySelector("#no-events"));
  morph($("board"), board);
  if (news) place = $("news").dataset.place;
  $("access").hidden = board.dataset.reach === "operator" && !token();
  $("forget").hidden = !token();
  note(board.dataset.reach === "operator" ? "" : token() ? "This token is not an operator's." : "An operator's token shows budgets and keys.");
}

// Events that came after the server looked.
function keepNewer(news, empty) {
  const [epoch, offset] = split(news.dataset.place);
  const [shownEpoch, shownOffset] = split(place);
  if (epoch !== shownEpoch || shownOffset <= offset) return;
  const newer = [...($("news")?.children ?? [])].filter((item) => split(item.id.slice(2))[1] > offset);
  news.prepend(...newer.map((item) => item.cloneNode(true)));
  while (news.children.length > SHOWN) news.lastElementChild.remove();
  news.dataset.place = place;
  empty.hidden = news.children.length > 0;
}

function split(text) {
  const colon = text.lastIndexOf(":");
  return [text.slice(0, colon), Number(text.slice(colon + 1))];
}

// ---- Events

async function follow() {
  for (let pause = 1000; ; pause = Math.min(pause * 2, 15000)) {
    await awake();
    const leave = new AbortController();
    const hide = () => document.hidden && leave.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      await readEvents(`/v1/events${place ? `?after=${encodeURIComponent(place)}` : ""}`, {
        headers: credentials(), silence: SILENCE, signal: AbortSignal.any([leave.signal, restart.signal]),
        opened: () => ((lost.events = null), tick()),
        alive: () => (pause = 500),
        received: take,
      });
      if (!document.hidden) lose("events", "the stream of events ended");
    } catch (error) {
      if (error.status === 401 || error.status === 403) refuse(error.status);
      else if (!document.hidden && !restart.signal.aborted) lose("events", "the stream of events broke off");
    }
    document.removeEventListener("visibilitychange", hide);
    if (restart.signal.aborted) restart = new AbortController();
    else await rest(pause);
  }
}

function take(event) {
  if (event.id) place = event.id;
  // The numbers say it already; as lines these would push out everything else.
  if (event.type === "dataset.stale") return;
  if (event.type === "gap" || event.type === "slow") {
    const reason = JSON.parse(event.data).reason ?? "";
    waiting.push({ id: event.id, at: new Date(now()).toISOString(), type: event.type, payload: { message: reason } });
  } else {
    waiting.push(JSON.parse(event.data));
  }
  if (waiting.length > SHOWN) waiting.shift();
  if (waiting.length === 1) setTimeout(unload, 200);
}

// Several at once, five times a second at most.
function unload() {
  const list = $("news");
  const events = waiting;
  waiting = [];
  if (!list) return;
  const today = new Date(now()).toISOString().slice(0, 10);
  for (const event of events) if (!$(`e-${event.id}`)) list.prepend(row(event, today));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  list.dataset.place = place;
  $("no-events").hidden = list.children.length > 0;
}

// ---- What is known of the connection

function lose(what, why) {
  lost[what] ??= { since: what === "numbers" ? Math.min(now(), shownAt) : now(), why };
  lost[what].why = why;
  tick();
}

function refuse(status) {
  refused = true;
  $("access").hidden = false;
  $("forget").hidden = !token();
  note(token() ? (status === 401 ? "The server does not know this token." : "This token is not enough.") : "Reads need a token here.");
  tick();
}

function note(text) {
  if ($("access-note").textContent !== text) $("access-note").textContent = text;
}

function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

function span(seconds) {
  if (seconds < 120) return `${Math.max(0, seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function tick() {
  const time = now();
  for (const node of document.querySelectorAll("time.age")) {
    setText(node, span(Math.floor((time - Date.parse(node.dateTime)) / 1000)));
  }
  for (const node of document.querySelectorAll("time.due")) {
    const left = Math.floor((Date.parse(node.dateTime) - time) / 1000);
    setText(node, left > 0 ? `in ${span(left)}` : "due now");
  }
  const problem = lost.numbers ?? lost.events;
  document.body.classList.toggle("lost", problem !== null);
  const old = span(Math.floor((time - shownAt) / 1000));
  setText($("live-word"), problem || refused ? "■ as of" : "● live,");
  setText($("shown"), utc(shownAt));
  const words = !problem
    ? ""
    : lost.numbers
      ? `▲ Not live since ${utc(problem.since)} UTC: ${problem.why}. The numbers are ${old} old. Trying again.`
      : `▲ Events are not live since ${utc(problem.since)} UTC: ${problem.why}. Numbers still come. Trying again.`;
  setText($("lost"), words);
  const sign = document.querySelector("#now .sign")?.textContent ?? "";
  const verdict = document.querySelector("#now strong")?.textContent ?? "";
  const title = problem ? "▲ not live – Freshet" : `${sign} ${verdict} – Freshet`;
  if (document.title !== title) document.title = title;
}

// ---- Running

// Waits for a time, or until `wake`.
function rest(time) {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      resting.delete(end);
      done();
    };
    const timer = setTimeout(end, time);
    resting.add(end);
  });
}

function wake() {
  for (const end of [...resting]) end();
}

// Comes back once somebody looks at the page, and the token (if any) was not refused.
async function awake() {
  while (document.hidden || refused) await rest(60000);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) wake();
});

$("access").addEventListener("submit", (event) => {
  event.preventDefault();
  use($("token").value.trim());
});
$("forget").addEventListener("click", () => use(""));

function use(text) {
  if (text) sessionStorage.setItem("freshet-token", text);
  else sessionStorage.removeItem("freshet-token");
  $("token").value = "";
  tag = "";
  refused = false;
  restart.abort();
  wake();
  // Without a token the page shows what the server draws for everybody.
  if (!text) location.reload();
}

async function look() {
  for (;;) {
    await awake();
    await poll();
    await rest(POLL);
  }
}

setInterval(() => document.hidden || tick(), 1000);
look();
follow();
