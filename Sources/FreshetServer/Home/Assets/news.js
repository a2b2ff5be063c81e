// One event as a line of the list, as the server writes it (HomeNews.swift).

export function row(event, today) {
  const item = element("li", { id: `e-${event.id}`, class: "new" });
  const time = element("time", { class: "clock", datetime: second(event.at) }, clock(event.at, today));
  item.append(time, " ", element("span", { class: "type" }, event.type), " ", subject(event), element("span", { class: "line" }, line(event.type, event.payload)));
  return item;
}

export function line(type, payload) {
  if (!payload || typeof payload !== "object") return "";
  if (type === "dataset.updated") return updated(payload);
  if (type === "schema.changed") {
    return cut(`${payload.table ?? ""} version ${payload.version ?? "?"}: ${(payload.changes ?? []).join(", ")}`);
  }
  if (typeof payload.message === "string") {
    const subject = payload.key_id ?? payload.webhook ?? payload.table;
    return cut((subject ? `${subject}: ` : "") + payload.message);
  }
  const rest = Object.entries(payload).filter(([name]) => name !== "sender");
  return cut(rest.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", "));
}

function updated(payload) {
  const parts = payload.origin === "fallback" ? ["filler, not from upstream"] : [];
  if (payload.first) return [...parts, `first load, ${bytes(payload.bytes ?? 0)}`].join(", ");
  const changes = (payload.changes ?? []).slice(0, 2);
  for (const change of changes) {
    const path = change.path ?? "";
    if (change.op === "add") parts.push(`${path} added ${value(change, "after")}`);
    else if (change.op === "remove") parts.push(`${path} removed ${value(change, "before")}`);
    else if (change.op === "reorder") parts.push(`${path} in another order`);
    else parts.push(`${path} ${value(change, "before")} → ${value(change, "after")}`);
  }
  const more = (payload.change_count ?? 0) - changes.length;
  if (more > 0) parts.push(`and ${more} more`);
  return cut(parts.join(", "));
}

function value(change, name) {
  return `${name}_omitted` in change || !(name in change) ? "…" : cut(JSON.stringify(change[name]), 40);
}

function subject(event) {
  if (event.dataset && event.key !== null && event.key !== undefined) {
    const key = event.key.split("/").map((part) => encode(decode(part))).join("/");
    return element(
      "a", { class: "key", href: `/v1/why/${encode(event.source)}/${encode(event.dataset)}/${key}`, title: "why it is as it is" },
      `${event.source}.${event.dataset} ${event.key}`);
  }
  return event.source ? element("span", { class: "key" }, event.source) : "";
}

const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const second = (at) => at.replace(/\.\d+Z$/, "Z");

function clock(at, today) {
  const text = second(at);
  return text.slice(0, 10) === today ? text.slice(11, 19) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

function bytes(count) {
  const units = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]];
  for (const [name, size] of units) {
    if (count < size) continue;
    const tenths = Math.floor((count * 10) / size);
    return tenths >= 100 ? `${Math.floor(tenths / 10)} ${name}` : `${Math.floor(tenths / 10)}.${tenths % 10} ${name}`;
  }
  return `${count} B`;
}

function cut(text, limit = 200) {
  const scalars = [...text];
  return scalars.length > limit ? scalars.slice(0, limit - 1).join("") + "…" : text;
}

function element(name, attributes, text) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
