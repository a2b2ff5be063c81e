// Server-sent events over fetch, which, unlike EventSource, can carry a token.

// Reads until the stream ends or fails. `alive` is called for everything that comes, comments included.
export async function readEvents(url, { headers, silence, signal, opened, alive, received }) {
  const quiet = new AbortController();
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => quiet.abort(new Error("nothing was heard")), silence);
    alive();
  };
  try {
    const answer = await fetch(url, {
      headers: { Accept: "text/event-stream", ...headers }, cache: "no-store",
      signal: AbortSignal.any([signal, quiet.signal]),
    });
    if (!answer.ok) throw Object.assign(new Error(`the server answered ${answer.status}`), { status: answer.status });
    opened();
    heard();
    const parse = parser(received);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      parse(value);
    }
  } finally {
    clearTimeout(timer);
    quiet.abort();
  }
}

// Takes text as it comes, in whatever pieces, and gives out events: { id, type, data }.
export function parser(received) {
  let rest = "";
  let event = { id: "", type: "message", data: [] };
  return (text) => {
    rest += text;
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data.length) received({ ...event, data: event.data.join("\n") });
        event = { id: event.id, type: "message", data: [] };
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") event.data.push(value);
      else if (field === "event") event.type = value;
      else if (field === "id") event.id = value;
    }
  };
}
