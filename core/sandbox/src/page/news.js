// What happens in the sandbox: everything is asked for when the stream begins, what changes then comes by it.
import { ask } from "./api.js";
import { tellSoon } from "./conversation.js";
import * as faults from "./faults.js";
import * as inbox from "./inbox.js";
import { byId } from "./parts.js";
import * as recipients from "./recipients.js";
import * as requests from "./requests.js";

const VIEWS = { messages: inbox, journal: requests, faults, recipients };
const LAST = { messages: `?last=${inbox.MAX_MESSAGES}`, journal: `?last=${requests.MAX_REQUESTS}` };

// What the stream tells while a list is on its way, which may not have it; lists that have changed again meanwhile.
const told = new Map();
const again = new Set();

async function load(name) {
  if (told.has(name)) return again.add(name);
  const since = new Map();
  told.set(name, since);
  const list = await ask("GET", name + (LAST[name] ?? "")).catch(() => null);
  told.delete(name);
  if (list) VIEWS[name].show(since.size ? [...new Map([...list.map((one) => [one.number, one]), ...since]).values()] : list);
  if (again.delete(name)) await load(name);
}

function add(name, one) {
  told.get(name)?.set(one.number, one);
  VIEWS[name].add(one);
}

function say(state, text) {
  byId("live").dataset.state = state;
  byId("live").textContent = text;
}

/** Shows everything, and from then on what changes. */
export function watch() {
  const news = new EventSource("/sandbox/api/events");
  news.addEventListener("open", async () => {
    await Promise.all(Object.keys(VIEWS).map(load));
    say("live", "Live");
  });
  news.addEventListener("message", (event) => add("messages", JSON.parse(event.data)));
  news.addEventListener("exchange", (event) => {
    add("journal", JSON.parse(event.data));
    tellSoon();
  });
  news.addEventListener("changed", (event) => load(JSON.parse(event.data)));
  news.addEventListener("error", () => {
    say("wait", "Reconnecting");
    // A browser gives up where it is refused.
    if (news.readyState === EventSource.CLOSED) setTimeout(watch, 3000);
  });
}
