// What the views of the inbox are made of. No text of a message or of a server is ever read as html in this page.

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

const error = byId("error");

/** Asks the sandbox's own interface. What fails is shown, and thrown. */
export async function ask(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let said = "The sandbox does not answer.";
  try {
    const answer = await fetch(`/sandbox/api/${path}`, options);
    const text = await answer.text();
    if (answer.ok) {
      error.hidden = true;
      return text ? JSON.parse(text) : null;
    }
    said = JSON.parse(text).error;
  } catch {
    // Said below.
  }
  error.textContent = said;
  error.hidden = false;
  throw new Error(said);
}

export const clock = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A tag for what is not of normal importance. */
export function importance(message) {
  const name = message.importance.toLowerCase();
  return name === "normal" ? [] : [h("span", { className: `tag ${name}` }, message.importance)];
}

// What an html message may have. Anything else is left out, its text is not; no attribute is kept but those of `font`.
const KEPT = new Set(
  "a b big blockquote br center cite code dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i ins kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var".split(" "),
);
const INLINE = new Set("a b big cite code em font i ins kbd q s samp small span strike strong sub sup tt u var".split(" "));
const DROPPED = new Set("script style template noscript iframe object embed svg math title textarea select head".split(" "));

function copied(from, to, made) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.append(made.createTextNode(node.data));
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    const name = node.localName;
    if (name === "img") {
      to.append(Object.assign(made.createElement("span"), { className: "image", textContent: `[image: ${node.getAttribute("alt") || "not loaded"}]` }));
    } else if (!DROPPED.has(name)) {
      const child = KEPT.has(name) ? to.appendChild(made.createElement(name === "a" ? "u" : name)) : to;
      if (name === "font" && node.hasAttribute("color")) child.setAttribute("color", node.getAttribute("color"));
      if (name === "a" && node.hasAttribute("href")) child.title = node.getAttribute("href");
      copied(node, child, made);
    }
  }
}

const readings = new Map();

/** The html of a message in a document that does nothing: it runs no script and loads no image. */
function read(html) {
  if (!readings.has(html)) {
    if (readings.size > 500) readings.clear();
    readings.set(html, new DOMParser().parseFromString(html, "text/html"));
  }
  return readings.get(html);
}

/** The text of an html message. */
export function plain(html) {
  const pieces = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) pieces.push(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(node.localName)) return;
    const apart = INLINE.has(node.localName) ? "" : " ";
    pieces.push(apart);
    node.childNodes.forEach(walk);
    pieces.push(apart);
  };
  walk(read(html).body);
  return pieces.join("").replace(/\s+/g, " ").trim();
}

/**
 * An html message: a frame without scripts, to which this page's policy applies too, so that it loads nothing. What of the
 * html is harmless is copied into it, element by element. Its colours were chosen for a light ground, and it has one.
 */
export function letter(html) {
  const frame = h("iframe", { title: "Html message", sandbox: "allow-same-origin", tabIndex: -1 });
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument;
    const body = inside.body.appendChild(Object.assign(inside.createElement("div"), { className: "body" }));
    copied(read(html).body, body, inside);
    new ResizeObserver(() => frame.style.setProperty("height", `${Math.min(body.offsetHeight, 1200) + 2}px`)).observe(body);
  });
  frame.srcdoc = '<!DOCTYPE html><html lang="en" data-theme="light"><title>Message</title><link rel="stylesheet" href="/sandbox/page.css"><body class="letter">';
  return frame;
}

const root = document.documentElement;

/** The button changes between light and dark; without it, the system decides. */
export function themes(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
  };
  const kept = localStorage.getItem("send-im-theme");
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("send-im-theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function part(title, first, held) {
  const lines = [first];
  if (held) {
    lines.push(...held.headers.map(([name, value]) => `${name}: ${value ?? "(not shown)"}`));
    if (held.bytes) lines.push("", held.body === null ? `(${held.bytes} bytes, not shown)` : pretty(held.body));
  }
  return [h("h4", {}, title), h("pre", { tabIndex: 0, role: "region", "aria-label": title }, lines.join("\n"))];
}

/** Request and answer, as they were. */
export function exchange(one) {
  const status = one.status === null ? "no answer" : String(one.status);
  const inside = h("div", { className: "exchange" }, ...part(`Request ${one.number}`, `${one.method} ${one.path}`, one.request));
  if (!one.request) inside.append(h("p", { className: "empty" }, "Headers and bodies are no longer kept."));
  inside.append(...part(`Answer to ${one.number}`, status, one.answer));
  return inside;
}

/** One line about a request. */
export function requestLine(one) {
  const kind = one.status === null ? "" : one.status < 300 ? "good" : one.status < 500 ? "warn" : "bad";
  return [h("span", { className: `tag ${kind}` }, one.status === null ? "…" : String(one.status)), ` ${one.method} ${one.path}`];
}
