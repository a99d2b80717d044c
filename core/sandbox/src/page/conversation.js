// The open conversation: its messages, what their sender was told, and the exchange of each.
import { exchange } from "./exchange.js";
import { letter } from "./html_message.js";
import { byId, clock, h, importance, tag } from "./parts.js";

const MAX_SHOWN = 100;
const EVIDENCE = {
  invitation_accepted: ["good", "invitation accepted"],
  message_confirmed: ["good", "message confirmed"],
  submitted: ["warn", "only that the server took it"],
  none: ["bad", "nothing"],
};

// By number.
const shown = new Map();

/** Shows these messages of one conversation; without any, none is open. */
export function show(all) {
  const last = all.slice(-MAX_SHOWN);
  const [first] = last;
  byId("inbox").toggleAttribute("data-open", Boolean(first));
  byId("open").hidden = !first;
  for (const [number, one] of shown) {
    if (last.some((message) => message.number === number)) continue;
    one.item.remove();
    shown.delete(number);
  }
  if (!first) return;
  byId("subject").textContent = first.subject || "No subject";
  const term = (name, text) => h("div", {}, h("dt", {}, name), h("dd", {}, text));
  const forwarded = first.accepted_by === first.to ? [] : [term("Answered by", first.accepted_by)];
  byId("who").replaceChildren(term("From", first.from), term("To", first.to), ...forwarded, term("Thread", first.thread_id));
  byId("earlier").hidden = all.length === last.length;
  byId("earlier").textContent = `The last ${last.length} of ${all.length} messages.`;
  for (const message of last) {
    if (shown.has(message.number)) continue;
    shown.set(message.number, bubble(message));
    byId("messages").append(shown.get(message.number).item);
    tell(message.number);
  }
}

/** Leads to the top, or where there are several to the last message. */
export function lead() {
  byId("subject").focus({ preventScroll: true });
  scrollTo(0, 0);
  if (shown.size > 1) byId("messages").lastElementChild.scrollIntoView({ block: "nearest" });
}

/** One message, with a place for what its sender was told and for its exchange. */
function bubble(message) {
  const html = message.format === "text/html";
  const evidence = h("p", { className: "after" }, "The sender was told: …");
  const inside = h("div");
  const raw = h("details", { className: "after" }, h("summary", {}, "Raw exchange"), inside);
  raw.addEventListener("toggle", () => raw.open && tell(message.number));
  const about = [html ? "html" : "plain text", message.via === "invitation" ? "in the invitation" : "in the conversation"];
  const item = h(
    "li",
    {},
    h("div", { className: "meta" }, h("strong", {}, message.from), h("time", {}, clock(message.received_at)), ...importance(message), ...about.map((text) => h("span", {}, text))),
    h("div", { className: `bubble ${html ? "html" : ""} ${message.importance.toLowerCase()}` }, html ? letter(message.text) : message.text),
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
  one.evidence.replaceChildren("The sender was told: ", tag(text, kind));
  if (one.raw.open) one.inside.replaceChildren(...story.exchanges.map((each, at) => exchange(each, at ? ": what the sender was told" : ": the message")));
}

let soon = 0;
/** An answer that has just left may have brought evidence. */
export function tellSoon() {
  soon ||= setTimeout(() => {
    soon = 0;
    for (const [number, one] of shown) if (!one.final) tell(number);
  }, 100);
}
