// Faults: switches for common ones, a form for others.
import { ask } from "./api.js";
import { choices } from "./form.js";
import { byId, h, removable, shortened } from "./parts.js";

const SWITCHES = [
  ["Overloaded server", "invitations: 503", { route: "start_messaging", action: { status: { http: 503 } } }],
  ["Lost answers", "invitations are processed, not answered", { route: "start_messaging", action: "drop_after" }],
  ["A gateway gives up", "invitations are processed, and 504", { route: "start_messaging", action: { gateway_error: { http: 504 } } }],
  ["Events fail", "event channel: 500", { route: "events", action: { status: { http: 500 } } }],
  ["No tokens", "token service: 500", { route: "token", action: { status: { http: 500 } } }],
  ["No sessions", "applications: 403", { route: "applications", action: { status: { http: 403 } } }],
  ["A network's page", "discovery: a web page instead", { route: "discovery", action: "html_instead" }],
  ["Everything is slow", "each request waits 1 s", { route: "any", action: { delay: { ms: 1000 } } }],
].map(([title, more, fault]) => {
  const input = h("input", { type: "checkbox", role: "switch" });
  input.addEventListener("change", () => {
    const done = input.checked ? ask("POST", "faults", { ...fault, times: 0 }) : without((other) => isSwitch(other, fault));
    done.catch(again);
  });
  byId("switches").append(h("li", {}, h("label", {}, input, h("span", {}, title, h("small", {}, more)))));
  return [fault, input];
});

/** True if `fault` is this switch: the sandbox adds the members that have a usual value. */
function isSwitch(fault, { route, action }) {
  const within = (a, b) => (typeof a === "object" ? typeof b === "object" && Object.keys(a).every((key) => within(a[key], b[key])) : a === b);
  return fault.times === 0 && fault.skip === 0 && fault.route === route && within(action, fault.action);
}

const again = () => ask("GET", "faults").then(show, () => {});

async function without(fits) {
  const left = (await ask("GET", "faults")).filter((fault) => !fits(fault));
  await ask("PUT", "faults", left);
}

/** Shows the faults there are. */
export function show(faults) {
  for (const [fault, input] of SWITCHES) input.checked = faults.some((other) => isSwitch(other, fault));
  byId("fault-list").replaceChildren(
    ...faults.map((fault) => {
      const same = (other) => other.route === fault.route && JSON.stringify(other.action) === JSON.stringify(fault.action);
      const times = fault.times === 0 ? "every request" : `${fault.times} more`;
      const skip = fault.skip ? `, after ${fault.skip}` : "";
      return removable("", `${fault.route}: ${shortened(fault.action)}`, ` (${times}${skip})`, () => without(same).catch(again));
    }),
  );
  byId("no-faults").hidden = faults.length > 0;
  byId("count-faults").textContent = faults.length || "";
}

const form = byId("fault");
const action = choices(form.action, byId("fault-number"));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fault = { route: form.route.value, action: action(), skip: Number(form.skip.value), times: Number(form.times.value) };
  ask("POST", "faults", fault).catch(() => {});
});
