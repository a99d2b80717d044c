// A request and its answer, as they were.
import { h, tag } from "./parts.js";

const CLOSED = {
  client: "No answer: the client closed the connection.",
  sandbox: "No answer: the sandbox closed the connection, for a fault or at its end.",
};

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function part(title, first, held) {
  const lines = [first];
  if (held) {
    lines.push(...held.headers.map(([name, value]) => `${name}: ${value ?? "(not shown)"}`));
    if (held.bytes) lines.push("", held.body === null ? `(${held.bytes} bytes, not shown)` : pretty(held.body));
  }
  return [h("h4", {}, title), h("pre", { tabIndex: 0, role: "region", "aria-label": title }, lines.join("\n"))];
}

/** Both with their headers and bodies, under what they are `about`. */
export function exchange(one, about = "") {
  const inside = h("div", { className: "exchange" }, ...part(`Request ${one.number}${about}`, `${one.method} ${one.path}`, one.request));
  if (!one.request) inside.append(h("p", { className: "empty" }, "Headers and bodies are no longer kept."));
  inside.append(...part(`Answer to ${one.number}`, one.status ?? CLOSED[one.closed_by] ?? "No answer yet.", one.answer));
  return inside;
}

/** One line about them. */
export function requestLine({ status, closed_by, method, path }) {
  const kind = status === null ? (closed_by ? "warn" : "") : status < 300 ? "good" : status < 500 ? "warn" : "bad";
  return [tag(status ?? (closed_by ? "closed" : "open"), kind), " ", h("span", { className: "method" }, method), " ", h("span", {}, path)];
}
