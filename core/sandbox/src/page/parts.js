// What the views are made of. No text of a message or of a server is ever read as html in this page.

/** An element with these properties (`data-`, `aria-` and others with a dash are attributes) and children. */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "sandbox" || key === "role") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** The time of day, with the date where that is not today's. */
export function clock(time) {
  const then = new Date(time);
  const day = then.toDateString() === new Date().toDateString() ? {} : { month: "short", day: "numeric" };
  return then.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export const tag = (text, kind = "") => h("span", { className: `tag ${kind}` }, text);

/** A tag for what is not of normal importance. */
export function importance(message) {
  const name = message.importance.toLowerCase();
  return name === "normal" ? [] : [tag(message.importance, name)];
}

/** A line of a list, with a button that takes it away. */
export function removable(text, code, after, remove) {
  const button = h("button", { type: "button", className: "plain", "aria-label": `Remove ${text}${code}` }, "Remove");
  button.addEventListener("click", remove);
  return h("li", {}, h("span", {}, text, h("code", {}, code), after), button);
}

/** JSON without what makes it hard to read. */
export const shortened = (value) => (typeof value === "string" ? value : JSON.stringify(value).replaceAll('"', "").replace(/^\{|\}$/g, ""));
