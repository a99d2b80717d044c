// The inbox of a sandbox: what it has, it tells at once; nothing is asked for again and again.
import { ask, byId, clock, exchange, h, importance, letter, plain, requestLine, themes } from "./parts.js";

const MAX_MESSAGES = 2000;
const MAX_REQUESTS = 300;
const MAX_ROWS = 300;
const MAX_SHOWN = 100;
const VIEWS = ["inbox", "requests", "faults", "recipients"];
const EVIDENCE = {
  invitation_accepted: ["good", "invitation accepted"],
  message_confirmed: ["good", "message confirmed"],
  submitted: ["warn", "only that the server took it"],
  none: ["bad", "nothing"],
};
const SWITCHES = [
  ["The server is overloaded", "invitations: 503", { route: "start_messaging", action: { status: { http: 503 } } }],
  ["The answer gets lost", "invitations are processed, then the connection closes", { route: "start_messaging", action: "drop_after" }],
  ["A gateway gives up", "invitations are processed, a gateway says 504", { route: "start_messaging", action: { gateway_error: { http: 504 } } }],
  ["Events fail", "event channel: 500", { route: "events", action: { status: { http: 500 } } }],
  ["No tokens", "token service: 500", { route: "token", action: { status: { http: 500 } } }],
  ["No sessions", "applications: 403", { route: "applications", action: { status: { http: 403 } } }],
  ["A page of the network", "discovery: a web page instead", { route: "discovery", action: "html_instead" }],
  ["Everything is slow", "each request waits 1 s", { route: "any", action: { delay: { ms: 1000 } } }],
];

let messages = [];
let open = null;
const fresh = new Set();
const search = byId("search");
const wanted = () => search.value.trim().toLowerCase();
const fits = (...texts) => texts.some((text) => text?.toLowerCase().includes(wanted()));

// The inbox: conversations, newest first.

const rows = new Map();
const shown = new Map();

/** Messages by conversation. An href is one application's, so no two conversations have the same. */
function conversations() {
  const found = new Map();
  for (const message of messages) {
    if (!found.has(message.conversation)) found.set(message.conversation, []);
    found.get(message.conversation).push(message);
  }
  return [...found.entries()].reverse().sort(([, a], [, b]) => b.at(-1).number - a.at(-1).number);
}

const words = (message) => (message.format === "text/html" ? plain(message.text) : message.text);

function row(key) {
  const button = h("button", { type: "button" });
  button.addEventListener("click", () => choose(key, true));
  return h("li", {}, button);
}

function showInbox() {
  const list = byId("conversations");
  const all = conversations();
  const fitting = all.filter(([, all]) => all.some((m) => fits(m.from, m.to, m.accepted_by, m.subject, m.importance, words(m))));
  const left = fitting.slice(0, MAX_ROWS);
  const keys = new Set(left.map(([key]) => key));
  for (const [key, item] of rows) {
    if (keys.has(key)) continue;
    item.remove();
    rows.delete(key);
  }
  left.forEach(([key, all], at) => {
    if (!rows.has(key)) rows.set(key, row(key));
    const [item, last] = [rows.get(key), all.at(-1)];
    const button = item.firstChild;
    const most = all.find((m) => m.importance === "Emergency") ?? all.find((m) => m.importance === "Urgent") ?? last;
    button.className = fresh.has(key) ? "new" : "";
    button.setAttribute("aria-current", String(key === open));
    button.replaceChildren(
      h("span", { className: "line" }, h("strong", {}, last.from), h("time", {}, clock(last.received_at))),
      h("span", { className: "snippet" }, `to ${last.to}`),
      h("span", { className: "line" }, h("span", {}, last.subject || "No subject"), ...importance(most), ...(all.length > 1 ? [h("span", { className: "tag" }, `${all.length} messages`)] : [])),
      h("span", { className: "snippet" }, words(last)),
    );
    // A row that is where it belongs is left alone, and keeps the focus.
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
  });
  const more = fitting.length - left.length;
  const none = all.length ? "Nothing fits the search." : "No message yet. One that is sent to this sandbox appears here at once.";
  byId("no-messages").hidden = left.length > 0 && more === 0;
  byId("no-messages").textContent = more ? `The last ${MAX_ROWS} conversations; the search finds ${more} more.` : none;
  byId("try").hidden = all.length > 0;
  byId("count-inbox").textContent = messages.length || "";
  showOpen();
}

function choose(key, focus) {
  open = key;
  fresh.delete(key);
  byId("messages").replaceChildren();
  shown.clear();
  showInbox();
  if (focus && key) byId("subject").focus();
}

function showOpen() {
  const all = messages.filter((message) => message.conversation === open).slice(-MAX_SHOWN);
  const [first] = all;
  byId("inbox").toggleAttribute("data-open", Boolean(first));
  byId("open").hidden = !first;
  byId("nothing-open").hidden = Boolean(first) || messages.length === 0;
  if (!first) return;
  byId("subject").textContent = first.subject || "No subject";
  const term = (name, text) => h("div", {}, h("dt", {}, name), h("dd", {}, text));
  const forwarded = first.accepted_by === first.to ? [] : [term("Answered by", first.accepted_by)];
  byId("who").replaceChildren(term("From", first.from), term("To", first.to), ...forwarded, term("Thread", first.thread_id));
  for (const message of all) {
    if (shown.has(message.number)) continue;
    shown.set(message.number, bubble(message));
    byId("messages").append(shown.get(message.number).item);
    tell(message.number);
  }
}

/** One message, with a place for what its sender was told and for its exchange. */
function bubble(message) {
  const html = message.format === "text/html";
  const name = message.importance.toLowerCase();
  const evidence = h("p", { className: "after" }, "The sender was told: …");
  const inside = h("div");
  const raw = h("details", { className: "after" }, h("summary", {}, "Raw exchange"), inside);
  raw.addEventListener("toggle", () => raw.open && tell(message.number));
  const item = h(
    "li",
    { "data-number": message.number },
    h("div", { className: "meta" }, h("strong", {}, message.from), h("time", {}, clock(message.received_at)), ...importance(message), h("span", {}, html ? "html" : "plain text"), h("span", {}, message.via === "invitation" ? "in the invitation" : "in the conversation")),
    h("div", { className: `bubble ${html ? "html" : ""} ${name}` }, html ? letter(message.text) : message.text),
    evidence,
    raw,
  );
  return { item, evidence, inside, raw, final: false };
}

/** Asks what the sender of a message was told. */
async function tell(number) {
  const one = shown.get(number);
  // It may have been cleared meanwhile, which is no error.
  const answer = await fetch(`/sandbox/api/messages/${number}`).catch(() => null);
  if (!answer?.ok) return;
  const story = await answer.json();
  const [kind, text] = EVIDENCE[story.evidence] ?? ["", "no longer known"];
  one.final = kind === "good" || kind === "";
  one.evidence.replaceChildren("The sender was told: ", h("span", { className: `tag ${kind}` }, text));
  if (one.raw.open) one.inside.replaceChildren(...story.exchanges.map(exchange));
}

// An answer that has just left may have brought evidence.
let soon = 0;
function tellSoon() {
  soon ||= setTimeout(() => {
    soon = 0;
    for (const [number, one] of shown) if (!one.final) tell(number);
  }, 100);
}

// Requests, newest first.

const entries = new Map();

function showRequest(one) {
  const summary = h("summary", {}, ...requestLine(one));
  if (entries.has(one.number)) {
    const known = entries.get(one.number);
    known.firstChild.replaceChildren(...summary.childNodes);
    return;
  }
  const entry = h("details", { "data-text": `${one.method} ${one.path} ${one.status}`.toLowerCase() }, summary);
  entry.addEventListener("toggle", async () => {
    if (!entry.open) return;
    const whole = await ask("GET", `journal/${one.number}`).catch(() => null);
    if (whole) entry.replaceChildren(entry.firstChild, exchange(whole));
  });
  entry.hidden = !entry.dataset.text.includes(wanted());
  const after = [...entries.keys()].filter((number) => number < one.number).at(-1);
  byId("journal").insertBefore(entry, after === undefined ? null : entries.get(after));
  entries.set(one.number, entry);
  while (entries.size > MAX_REQUESTS) {
    const [oldest] = entries.keys();
    entries.get(oldest).remove();
    entries.delete(oldest);
  }
  byId("no-requests").hidden = true;
}

function searchRequests() {
  for (const entry of entries.values()) entry.hidden = !entry.dataset.text.includes(wanted());
}

// Faults.

/** True if `fault` is this switch: the sandbox adds the members that have a usual value. */
function isSwitch(fault, [, , { route, action }]) {
  const within = (a, b) => (typeof a === "object" ? typeof b === "object" && Object.keys(a).every((key) => within(a[key], b[key])) : a === b);
  return fault.times === 0 && fault.skip === 0 && fault.route === route && within(action, fault.action);
}

async function without(fits) {
  const left = (await ask("GET", "faults")).filter((fault) => !fits(fault));
  await ask("PUT", "faults", left);
}

const switches = SWITCHES.map((one) => {
  const [title, more, fault] = one;
  const input = h("input", { type: "checkbox", role: "switch" });
  input.addEventListener("change", () => {
    const done = input.checked ? ask("POST", "faults", { ...fault, times: 0 }) : without((fault) => isSwitch(fault, one));
    done.catch(() => load("faults"));
  });
  byId("switches").append(h("li", {}, h("label", {}, input, h("span", {}, title, h("small", {}, more)))));
  return [one, input];
});

const shortened = (value) => (typeof value === "string" ? value : JSON.stringify(value).replaceAll('"', "").replace(/^\{|\}$/g, ""));

function showFaults(faults) {
  for (const [one, input] of switches) input.checked = faults.some((fault) => isSwitch(fault, one));
  byId("fault-list").replaceChildren(
    ...faults.map((fault) => {
      const remove = h("button", { type: "button", className: "plain" }, "Remove");
      const same = (other) => other.route === fault.route && JSON.stringify(other.action) === JSON.stringify(fault.action);
      remove.addEventListener("click", () => without(same).catch(() => load("faults")));
      const times = fault.times === 0 ? "every request" : `${fault.times} more`;
      const skip = fault.skip ? `, after ${fault.skip}` : "";
      return h("li", {}, h("span", {}, h("code", {}, `${fault.route}: ${shortened(fault.action)}`), ` (${times}${skip})`), remove);
    }),
  );
  byId("no-faults").hidden = faults.length > 0;
  byId("count-faults").textContent = faults.length || "";
}

/** Shows the field that the chosen option asks for, with the value it has. */
function asks(form, select, field, name) {
  const show = () => {
    const { asks } = form[select].selectedOptions[0].dataset;
    field.hidden = !asks;
    form[name].disabled = !asks;
    if (!asks) return;
    field.firstElementChild.textContent = asks;
    form[name].value = Object.values(JSON.parse(form[select].value)).map((value) => (typeof value === "object" ? Object.values(value)[0] : value))[0];
  };
  form[select].addEventListener("change", show);
  show();
}

byId("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const action = JSON.parse(form.action.value);
  if (!form.number.disabled) {
    const [members] = Object.values(action);
    members[Object.keys(members)[0]] = Number(form.number.value);
  }
  const fault = { route: form.route.value, action, skip: Number(form.skip.value), times: Number(form.times.value) };
  ask("POST", "faults", fault).catch(() => {});
});

// Recipients.

function showRecipients(recipients) {
  const all = Object.entries(recipients);
  byId("recipient-list").replaceChildren(
    ...all.map(([address, behaviour]) => {
      const remove = h("button", { type: "button", className: "plain" }, "Remove");
      remove.addEventListener("click", () => ask("DELETE", `recipients/${encodeURIComponent(address)}`).catch(() => {}));
      return h("li", {}, h("span", {}, `${address}: `, h("code", {}, shortened(behaviour))), remove);
    }),
  );
  byId("no-recipients").hidden = all.length > 0;
  byId("count-recipients").textContent = all.length || "";
}

byId("recipient").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const behaviour = JSON.parse(form.behaviour.value);
  if (!form.more.disabled) {
    const [name] = Object.keys(behaviour);
    behaviour[name] = typeof behaviour[name] === "number" ? Number(form.more.value) : form.more.value;
  }
  ask("PUT", `recipients/${encodeURIComponent(form.address.value)}`, behaviour).catch(() => {});
});

// Everything is asked for when the stream begins; what changes then comes by it.

const SHOW = {
  messages(all) {
    messages = all;
    shown.forEach((_, number) => all.some((message) => message.number === number) || shown.delete(number));
    for (const item of [...byId("messages").children]) if (!shown.has(Number(item.dataset.number))) item.remove();
    showInbox();
  },
  journal(all) {
    byId("journal").replaceChildren();
    entries.clear();
    byId("no-requests").hidden = false;
    all.forEach(showRequest);
  },
  faults: showFaults,
  recipients: showRecipients,
};

// What the stream told since a list was asked for, and the list may not have.
const since = { messages: [], journal: [] };
const LAST = { messages: `?last=${MAX_MESSAGES}`, journal: `?last=${MAX_REQUESTS}` };

async function load(name) {
  since[name] = [];
  const list = await ask("GET", name + (LAST[name] ?? "")).catch(() => null);
  if (!list) return;
  const missing = (since[name] ?? []).filter((one) => !list.some((known) => known.number === one.number));
  SHOW[name](missing.length ? [...list, ...missing] : list);
}

let late = 0;
/** Shows the inbox a little later, once for all messages that come together. */
function showInboxSoon() {
  late ||= setTimeout(() => {
    late = 0;
    showInbox();
  }, 30);
}

function watch() {
  const live = byId("live");
  const say = (state, text) => {
    live.dataset.state = state;
    live.textContent = text;
  };
  const news = new EventSource("/sandbox/api/events");
  news.addEventListener("open", async () => {
    await Promise.all(Object.keys(SHOW).map(load));
    say("live", "Live");
  });
  news.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    since.messages.push(message);
    // The list that was asked for when the stream began may have it.
    if (message.number <= (messages.at(-1)?.number ?? 0)) return;
    messages.push(message);
    if (messages.length > MAX_MESSAGES) messages.shift();
    if (message.conversation !== open) fresh.add(message.conversation);
    showInboxSoon();
  });
  news.addEventListener("exchange", (event) => {
    const one = JSON.parse(event.data);
    since.journal.push(one);
    if (since.journal.length > MAX_REQUESTS) since.journal.shift();
    showRequest(one);
    tellSoon();
  });
  news.addEventListener("changed", (event) => load(JSON.parse(event.data)));
  news.addEventListener("error", () => {
    say("wait", "Reconnecting");
    // A browser gives up where it is refused.
    if (news.readyState === EventSource.CLOSED) setTimeout(watch, 3000);
  });
}

function view() {
  const name = VIEWS.find((name) => location.hash === `#${name}`) ?? VIEWS[0];
  for (const other of VIEWS) byId(other).hidden = other !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

search.addEventListener("input", () => {
  showInbox();
  searchRequests();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    search.focus();
  }
  const list = [...byId("conversations").querySelectorAll("button")];
  const at = list.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
  if (at >= 0 && list[next]) {
    event.preventDefault();
    list[next].focus();
  }
});
byId("back").addEventListener("click", () => {
  const from = rows.get(open);
  choose(null, false);
  from?.firstChild.focus();
});
for (const button of document.querySelectorAll("[data-clear]")) {
  button.addEventListener("click", () => ask("DELETE", button.dataset.clear).catch(() => {}));
}
byId("where").textContent = location.host;
byId("try").textContent = [
  "export SEND_IM_ADDRESS=tosh@contoso.com",
  "export SEND_IM_PASSWORD=any",
  `export SEND_IM_SERVER=${location.origin}/`,
  "send-im send --to lenea@contoso.com hello",
].join("\n");
asks(byId("fault"), "action", byId("fault-number"), "number");
asks(byId("recipient"), "behaviour", byId("recipient-more"), "more");
addEventListener("hashchange", view);
view();
watch();
// Last: a browser may refuse to keep anything, which throws.
themes(byId("theme"));
