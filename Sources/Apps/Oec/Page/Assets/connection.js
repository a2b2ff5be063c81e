// One WebSocket that comes back by itself.

const heartbeatEvery = 10_000;
const silenceLimit = 25_000;
const firstWait = 300;
const longestWait = 8_000;

/** How long to wait before the next attempt, in milliseconds: doubling, with chance so that clients do not come at once. */
export function backOff(attempt, random = Math.random()) {
  const whole = Math.min(longestWait, firstWait * 2 ** attempt);
  return Math.round(whole * (0.7 + 0.3 * random));
}

export class Connection {
  #url;
  #tell;
  #socket = null;
  #attempt = 0;
  #retry = null;
  #beat = null;
  #heardAt = 0;
  #isStopped = false;

  /** `tell` hears `{type: "socket/open" | "socket/lost" | "socket/replaced", …}` and every message of the server. */
  constructor(url, tell) {
    this.#url = url;
    this.#tell = tell;
    window.addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => {
      // A phone that was asleep finds out at once whether the connection is still good.
      if (document.visibilityState === "visible") this.#check();
    });
  }

  start() {
    this.#isStopped = false;
    clearTimeout(this.#retry);
    this.#retry = null;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      this.#attempt = 0;
      this.#heardAt = Date.now();
      clearInterval(this.#beat);
      this.#beat = setInterval(() => this.#check(), heartbeatEvery);
      this.#tell({ type: "socket/open" });
    });
    socket.addEventListener("message", (event) => {
      if (socket !== this.#socket) return;
      this.#heardAt = Date.now();
      let message = null;
      try {
        message = JSON.parse(event.data);
      } catch {
        return;
      }
      if (typeof message?.type === "string") this.#tell(message);
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#lost(event.code);
    });
  }

  /** Sends, or says that it could not. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Does not wait any longer. */
  retryNow() {
    if (this.#retry === null) return;
    this.#attempt = 0;
    this.start();
  }

  /** Gives this connection up for a new one. */
  again() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.close();
    this.#lost(1006);
  }

  #lost(code) {
    this.#socket = null;
    clearInterval(this.#beat);
    if (code === 4001) {
      this.#isStopped = true;
      this.#tell({ type: "socket/replaced" });
      return;
    }
    if (this.#isStopped) return;
    const wait = backOff(this.#attempt);
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.start(), wait);
    this.#tell({ type: "socket/lost", wait });
  }

  /** Asks for a sign of life; a connection that was silent for too long is given up. */
  #check() {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      this.retryNow();
      return;
    }
    if (Date.now() - this.#heardAt > silenceLimit) this.again();
    else this.send({ type: "heartbeat", timestamp: Date.now() });
  }
}
