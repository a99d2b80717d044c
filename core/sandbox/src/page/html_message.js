// Html messages, made safe.
import { h } from "./parts.js";

// What an html message may have. Anything else is left out, its text is not; no attribute is kept but the colour of `font`.
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
