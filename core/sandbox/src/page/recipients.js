// How recipients behave, whatever their name.
import { ask } from "./api.js";
import { choices } from "./form.js";
import { byId, removable, shortened } from "./parts.js";

const at = (address) => `recipients/${encodeURIComponent(address)}`;

/** Shows the behaviours that were set. */
export function show(recipients) {
  const all = Object.entries(recipients);
  const lines = all.map(([address, behaviour]) => removable(`${address}: `, shortened(behaviour), "", () => ask("DELETE", at(address)).catch(() => {})));
  byId("recipient-list").replaceChildren(...lines);
  byId("no-recipients").hidden = all.length > 0;
  byId("count-recipients").textContent = all.length || "";
}

const form = byId("recipient");
const behaviour = choices(form.behaviour, byId("recipient-more"));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask("PUT", at(form.address.value), behaviour()).catch(() => {});
});
