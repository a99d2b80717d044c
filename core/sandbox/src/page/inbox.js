// The inbox: conversations, newest first.
import * as conversation from "./conversation.js";
import { plain } from "./html_message.js";
import { byId, clock, h, importance, tag } from "./parts.js";
import { found } from "./search.js";

export const MAX_MESSAGES = 2000;
const MAX_ROWS = 300;

let messages = [];
let open = null;
// Conversations with messages that nobody has seen; rows by conversation.
const fresh = new Set();
const rows = new Map();

/** Shows these messages. */
export function show(all) {
  messages = all;
  draw();
}

let late = 0;
/** Shows one more, a little later, once for all that come together. */
export function add(message) {
  // The list that was asked for when the stream began may have it.
  if (message.number <= (messages.at(-1)?.number ?? 0)) return;
  messages.push(message);
  if (messages.length > MAX_MESSAGES) messages.shift();
  if (message.conversation !== open) fresh.add(message.conversation);
  late ||= setTimeout(() => {
    late = 0;
    draw();
  }, 30);
}

const words = (message) => (message.format === "text/html" ? plain(message.text) : message.text);

function row(key) {
  const button = h("button", { type: "button" });
  button.addEventListener("click", () => choose(key));
  return h("li", {}, button);
}

function fill(button, key, all) {
  const last = all.at(-1);
  const most = all.find((m) => m.importance === "Emergency") ?? all.find((m) => m.importance === "Urgent") ?? last;
  const number = all.length > 1 ? [tag(`${all.length} messages`)] : [];
  button.className = fresh.has(key) ? "new" : "";
  button.setAttribute("aria-current", String(key === open));
  button.replaceChildren(
    h("span", { className: "line" }, h("strong", {}, last.from), h("time", {}, clock(last.received_at))),
    h("span", { className: "snippet" }, `to ${last.to}`),
    h("span", { className: "line" }, h("span", { dir: "auto", className: last.subject ? "" : "none" }, last.subject || "No subject"), ...importance(most), ...number),
    h("span", { className: "snippet", dir: "auto" }, words(last)),
  );
}

/** Shows what fits the search, and the open conversation. */
export function draw() {
  const list = byId("conversations");
  // An href is one application's, so no two conversations have the same.
  const all = [...Map.groupBy(messages, (message) => message.conversation)].sort(([, a], [, b]) => b.at(-1).number - a.at(-1).number);
  const fitting = all.filter(([, all]) => all.some((m) => found(m.from, m.to, m.accepted_by, m.subject, m.importance, words(m))));
  const left = fitting.slice(0, MAX_ROWS);
  const keys = new Set(left.map(([key]) => key));
  for (const [key, item] of rows) {
    if (keys.has(key)) continue;
    item.remove();
    rows.delete(key);
  }
  left.forEach(([key, all], at) => {
    if (!rows.has(key)) rows.set(key, row(key));
    const item = rows.get(key);
    fill(item.firstChild, key, all);
    // A row that is where it belongs is left alone, and keeps the focus.
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
  });
  const more = fitting.length - left.length;
  byId("inbox").toggleAttribute("data-empty", messages.length === 0);
  byId("no-messages").hidden = messages.length > 0;
  byId("few").hidden = messages.length === 0 || (left.length > 0 && more === 0);
  byId("few").textContent = more ? `The last ${MAX_ROWS} conversations; the search finds ${more} more.` : "Nothing fits the search.";
  byId("count-inbox").textContent = messages.length || "";
  const shown = messages.filter((message) => message.conversation === open);
  byId("nothing-open").hidden = shown.length > 0 || messages.length === 0;
  conversation.show(shown);
}

/** Opens a conversation, or closes it. */
function choose(key) {
  open = key;
  fresh.delete(key);
  draw();
  if (key) conversation.lead();
}

byId("back").addEventListener("click", () => {
  const from = rows.get(open);
  choose(null);
  from?.firstChild.focus();
});
document.addEventListener("keydown", (event) => {
  const list = [...byId("conversations").querySelectorAll("button")];
  const at = list.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
  if (at < 0 || !list[next]) return;
  event.preventDefault();
  list[next].focus();
});
byId("try").textContent = [
  "export SEND_IM_ADDRESS=tosh@contoso.com",
  "export SEND_IM_PASSWORD=any",
  `export SEND_IM_SERVER=${location.origin}/`,
  "send-im send --to lenea@contoso.com hello",
].join("\n");
