// How somebody uses the pages, by keyboard and mouse, and how they look.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { packages } from "../callers/jquery/browser.mjs";

const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");
const LOOKS = [
  ["light", 1200],
  ["dark", 1200],
  ["light", 360],
  ["dark", 360],
];

/** Presses Tab until this element has the focus. */
export async function tabTo(tab, selector) {
  for (let presses = 0; presses < 80; presses++) {
    if (await tab.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
    await tab.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${selector}`);
}

export async function press(tab, selector, key) {
  await tabTo(tab, selector);
  await tab.keyboard.press(key);
}

/** In each look: no serious fault that axe finds, and nothing that is wider than the window. */
export async function look(tab, name) {
  await tab.bringToFront();
  for (const [scheme, width] of LOOKS) {
    await tab.emulateMedia({ colorScheme: scheme });
    await tab.setViewportSize({ width, height: 800 });
    await tab.evaluate(axe);
    const found = await tab.evaluate(() => axe.run(document, { iframes: false, resultTypes: ["violations"] }));
    const serious = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    assert.deepEqual(told, [], `${name}, ${scheme}, ${width}`);
    assert.ok(found.passes.length > 5, "axe looked at nothing");
    assert.ok((await tab.evaluate(() => document.documentElement.scrollWidth)) <= width, `${name} is wider than ${width}`);
  }
  await tab.emulateMedia({ colorScheme: "light" });
  await tab.setViewportSize({ width: 1200, height: 800 });
}

/** What the page of the service says of a message: the kind of its sentence, the sentence, and the steps. */
export async function send(tab, fields) {
  for (const [name, value] of Object.entries({ subject: "", importance: "normal", html: false, ...fields })) {
    const field = tab.locator(`[name=${name}]`);
    if (name === "importance") await field.selectOption(value);
    else if (name === "html") await field.setChecked(value);
    else await field.fill(value);
  }
  await tab.click("#send");
  return outcome(tab);
}

export async function outcome(tab) {
  const sentence = tab.locator("#outcome p:is(.good, .warn, .bad)");
  await sentence.waitFor({ timeout: 90_000 });
  const steps = await tab.locator("#steps li span:first-child").allTextContents();
  return { kind: await sentence.getAttribute("class"), sentence: await sentence.textContent(), steps, facts: await tab.locator("#outcome dl").textContent() };
}
