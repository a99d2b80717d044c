// Sends one message and shows each step. Nothing is sent before somebody presses the button, nothing is read from the URL, and
// nothing but the choice of light or dark is kept.

const byId = (id) => document.getElementById(id);
const form = byId("form");
const outcome = byId("outcome");

const STEPS = {
  discover: "Find the server",
  sign_in: "Sign in",
  open_session: "Open a session",
  invite: "Invite the recipient",
  send: "Send the text",
  confirm: "Wait for the recipient's side",
  sign_out: "Sign out",
};
const EVIDENCE = {
  invitation_accepted: "The recipient's client accepted the invitation that carried the text.",
  message_confirmed: "The recipient's client confirmed the message.",
  submitted: "The server took the message; nobody waited for the recipient.",
};

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// The lines of the steps, and their times together: a step may take several requests, between those of another one.
const lines = new Map();

function step({ step, elapsed_ms }) {
  if (!lines.has(step)) {
    const item = document.createElement("li");
    lines.set(step, { item, elapsed: 0, time: element("span", "", "") });
    item.append(element("span", "", STEPS[step] ?? step), lines.get(step).time);
  }
  const line = lines.get(step);
  // From the invitation on the latest is last: what went before it may come again after it.
  if (!line.item.isConnected || lines.has("invite")) byId("steps").append(line.item);
  line.elapsed += elapsed_ms;
  line.time.textContent = `${Math.round(line.elapsed)} ms`;
  lead();
}

/** Brings what happens into view; how, says the style, which knows who wants no motion. */
const lead = () => outcome.scrollIntoView({ block: "nearest" });

/** A sentence, and what is known besides. */
function show(kind, sentence, facts) {
  const list = document.createElement("dl");
  for (const [name, value] of facts) {
    if (value !== null && value !== undefined) list.append(element("dt", "", name), element("dd", "", String(value)));
  }
  outcome.replaceChildren(element("p", kind, sentence), list);
  lead();
}

function receipt(told) {
  const who = told.accepted_by ?? told.to;
  const other = who === told.to ? "" : ` in place of ${told.to}`;
  const sentence = told.evidence === "submitted" ? `The message to ${told.to} is on its way.` : `${who} accepted the message${other}.`;
  show("good", sentence, [
    ["Evidence", EVIDENCE[told.evidence] ?? told.evidence],
    ["Format", told.format],
    ["Thread", told.thread_id],
  ]);
}

function problem(told) {
  const maybe = told.sent === "maybe";
  show(maybe ? "warn" : "bad", told.detail, [
    ["Sent", maybe ? "It may have arrived: look before you send again." : "Nothing was delivered."],
    ["Kind", told.kind],
    ["Failed at", STEPS[told.step]],
    ["Server's words", told.diagnostics],
    ["Try again after", told.retry_after === null || told.retry_after === undefined ? null : `${told.retry_after} s`],
  ]);
}

/** Shows the field for the token, and why. */
function locked() {
  byId("locked").hidden = false;
  form.token.required = true;
}

const authorization = () => (form.token.value ? { Authorization: `Bearer ${form.token.value.trim()}` } : {});

/** The events of an answer, as they come: name and data. */
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    for (let end = held.indexOf("\n\n"); end >= 0; end = held.indexOf("\n\n")) {
      const lines = held.slice(0, end).split("\n");
      held = held.slice(end + 2);
      const field = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (field("event")) yield [field("event"), JSON.parse(field("data"))];
    }
  }
}

async function send() {
  const order = { html: form.html.checked };
  for (const name of ["recipient", "message", "subject", "importance", "username", "password", "address"]) {
    if (form[name].value) order[name] = form[name].value;
  }
  const headers = { Accept: "text/event-stream, application/json", "Content-Type": "application/json", ...authorization() };
  let taken = false;
  let ended = false;
  try {
    const answer = await fetch("/send", { method: "POST", headers, body: JSON.stringify(order), cache: "no-store" });
    taken = true;
    if (!answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
      const told = await answer.json();
      ended = true;
      if (answer.status === 401) {
        locked();
        form.token.focus();
      }
      problem(told);
      return;
    }
    for await (const [name, told] of events(answer)) {
      if (name === "step") step(told);
      if (name === "receipt") receipt(told);
      if (name === "problem") problem(told);
      ended ||= name !== "step";
    }
  } catch {
    // Said below.
  }
  if (ended) return;
  const lost = "The connection to the service broke before it told the outcome.";
  problem({ detail: taken ? lost : "The service did not answer.", sent: "maybe", kind: "network" });
}

let sending = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return;
  sending = true;
  // Not disabled: that would take the focus away.
  byId("send").setAttribute("aria-disabled", "true");
  byId("progress").hidden = false;
  byId("steps").replaceChildren();
  byId("steps").dataset.running = "";
  lines.clear();
  outcome.replaceChildren(element("p", "", "Sending …"));
  lead();
  await send();
  sending = false;
  delete byId("steps").dataset.running;
  byId("send").removeAttribute("aria-disabled");
});

// Whether a token is needed, asked of a path that sends nothing.
fetch("/metrics", { method: "HEAD" }).then(
  (answer) => answer.status === 401 && locked(),
  () => {},
);

// Last: a browser may refuse to keep anything, which throws.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
const name = () => {
  byId("theme").textContent = isDark() ? "Light" : "Dark";
};
const kept = localStorage.getItem("send-im-theme");
if (kept === "light" || kept === "dark") root.dataset.theme = kept;
byId("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("send-im-theme", root.dataset.theme);
  name();
});
system.addEventListener("change", name);
name();
