// The page: its views, and what they have in common. Each view is a module of its own, which `news` tells what happens.
import { ask } from "./api.js";
import * as inbox from "./inbox.js";
import { watch } from "./news.js";
import { byId } from "./parts.js";
import * as requests from "./requests.js";
import { search } from "./search.js";
import { themes } from "./theme.js";

const VIEWS = ["inbox", "requests", "faults", "recipients"];

const view = () => VIEWS.find((name) => location.hash === `#${name}`) ?? VIEWS[0];

function show() {
  for (const name of VIEWS) byId(name).hidden = name !== view();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view()}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
}

search.addEventListener("input", () => {
  // The other views have nothing to be found. A link to the inbox would take the focus from the search.
  if (!["inbox", "requests"].includes(view())) {
    history.pushState(null, "", "#inbox");
    show();
  }
  inbox.draw();
  requests.draw();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  search.focus();
});
for (const button of document.querySelectorAll("[data-clear]")) {
  button.addEventListener("click", () => ask("DELETE", button.dataset.clear).catch(() => {}));
}
byId("where").textContent = location.host;
addEventListener("hashchange", show);
show();
watch();
// Last: a browser may refuse to keep anything, which throws.
themes(byId("theme"));
