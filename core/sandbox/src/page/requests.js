// Requests, newest first.
import { ask } from "./api.js";
import { exchange, requestLine } from "./exchange.js";
import { byId, h } from "./parts.js";
import { found } from "./search.js";

export const MAX_REQUESTS = 300;

// By number.
const entries = new Map();

/** Shows these requests. */
export function show(all) {
  byId("journal").replaceChildren();
  entries.clear();
  all.forEach(put);
  draw();
}

/** Shows one more, or what has become of one. */
export function add(one) {
  put(one);
  draw();
}

/** Puts it in its place: answers come in another order than their requests. */
function put(one) {
  if (!entries.has(one.number)) {
    const older = Math.max(...[...entries.keys()].filter((number) => number < one.number));
    const entry = h("details", { "data-number": one.number }, h("summary"));
    entry.addEventListener("toggle", () => unfold(entry));
    byId("journal").insertBefore(entry, entries.get(older) ?? null);
    entries.set(one.number, entry);
  }
  const entry = entries.get(one.number);
  entry.firstChild.replaceChildren(...requestLine(one));
  unfold(entry);
  if (entries.size > MAX_REQUESTS) {
    const oldest = Math.min(...entries.keys());
    entries.get(oldest).remove();
    entries.delete(oldest);
  }
}

async function unfold(entry) {
  if (!entry.open) return;
  const whole = await ask("GET", `journal/${entry.dataset.number}`).catch(() => null);
  if (whole) entry.replaceChildren(entry.firstChild, exchange(whole));
}

/** Shows what fits the search. */
export function draw() {
  for (const entry of entries.values()) entry.hidden = !found(entry.firstChild.textContent);
  byId("no-requests").hidden = [...entries.values()].some((entry) => !entry.hidden);
  byId("no-requests").textContent = entries.size ? "Nothing fits the search." : "No request yet.";
}
