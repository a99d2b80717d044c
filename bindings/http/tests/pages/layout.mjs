// What the pages show, where, in windows of several sizes.
import assert from "node:assert/strict";
import { send } from "./driving.mjs";

const usual = (tab) => tab.setViewportSize({ width: 1200, height: 800 });

/** Waits until the whole element is within the window, below the bar. */
export async function inView(tab, selector) {
  let seen;
  // The page's policy lets the driver leave no function in it that waits.
  for (let looks = 0; looks < 500; looks++) {
    seen = await tab.evaluate((selector) => {
      const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
      return { bar: document.querySelector(".bar").getBoundingClientRect().bottom, top, bottom, innerHeight };
    }, selector);
    if (seen.top >= seen.bar - 1 && seen.bottom <= seen.innerHeight) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`${selector} is not in view: ${JSON.stringify(seen)}`);
}

/** However far one scrolls, in every view. */
export async function aBarThatStays(inbox) {
  for (const width of [1200, 360]) {
    await inbox.setViewportSize({ width, height: 240 });
    for (const name of ["requests", "faults", "recipients", "inbox"]) {
      await inbox.click(`nav a[href="#${name}"]`);
      const seen = await inbox.evaluate(() => {
        scrollTo(0, 1e6);
        return [scrollY > 0, document.querySelector(".bar").getBoundingClientRect().top];
      });
      assert.deepEqual(seen, [true, 0], `${name}, ${width}`);
    }
  }
  await usual(inbox);
}

/** Each choice can be read in full, and the button is in one line, beside the last field where there is room. */
export async function formsThatFit(inbox) {
  for (const width of [1280, 800, 360]) {
    await inbox.setViewportSize({ width, height: 800 });
    for (const [view, form] of [["faults", "#fault"], ["recipients", "#recipient"]]) {
      await inbox.click(`nav a[href="#${view}"]`);
      const seen = await inbox.locator(form).evaluate((form) => {
        const cut = [...form.querySelectorAll("select")].filter((select) => {
          const whole = select.parentElement.appendChild(select.cloneNode(true));
          Object.assign(whole.style, { position: "absolute", width: "max-content" });
          const wanted = whole.offsetWidth;
          whole.remove();
          return wanted > select.offsetWidth;
        });
        const fields = [...form.querySelectorAll("input, select")].filter((field) => field.offsetWidth > 0);
        const [button, last] = [form.querySelector("button"), fields.at(-1)].map((one) => one.getBoundingClientRect());
        return { cut: cut.map(({ name }) => name), beside: Math.abs(button.bottom - last.bottom) < 1, high: button.height > 1.1 * last.height };
      });
      assert.deepEqual(seen, { cut: [], beside: width === 1280 || seen.beside, high: false }, `${form}, ${width}`);
    }
  }
  await usual(inbox);
}

/** A request that its client gives up while it waits for the answer. */
export async function aClosedRequest(inbox, sandbox) {
  const faults = (method, body) => fetch(`${sandbox}sandbox/api/faults`, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  await faults("PUT", { route: "discovery", action: { delay: { ms: 600_000 } } });
  const client = new AbortController();
  const answer = fetch(`${sandbox}?left`, { signal: client.signal }).catch(({ name }) => name);
  const received = async () => (await (await fetch(`${sandbox}sandbox/api/journal?last=9`)).json()).some(({ path }) => path === "/?left");
  while (!(await received())) await new Promise((resolve) => setTimeout(resolve, 10));
  // Answers came in another order than their requests.
  const numbers = await inbox.locator("#journal details").evaluateAll((all) => all.map((one) => Number(one.dataset.number)));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a), "newest first");
  // One that opens the page meanwhile sees it wait, and then end.
  await inbox.reload();
  await inbox.click('nav a[href="#requests"]');
  const line = inbox.locator("#journal details", { hasText: "/?left" });
  await line.locator(".tag", { hasText: "open" }).waitFor();
  await line.locator("summary").click();
  await line.locator("pre", { hasText: "No answer yet." }).waitFor();
  client.abort();
  assert.equal(await answer, "AbortError");
  await line.locator(".tag", { hasText: "closed" }).waitFor();
  await line.locator("pre", { hasText: "the client closed the connection" }).waitFor();
}

/** Sends so many messages, each made of its number. */
async function many(service, count, message) {
  const post = (n) => fetch(`${service}send`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message(n)) });
  for (let n = 0; n < count; n += 10) {
    const answers = await Promise.all(Array.from({ length: Math.min(10, count - n) }, (_, at) => post(n + at)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  }
}

/** Hundreds of conversations: the last one of the list opens beside it, and the list stays where it is. */
export async function aCrowd(inbox, service) {
  await many(service, 310, (n) => ({ recipient: `colleague-${n}@contoso.com`, message: `number ${n}`, subject: `Report ${n}` }));
  await inbox.click('nav a[href="#inbox"]');
  await inbox.locator("#conversations button", { hasText: "Report 309" }).waitFor();
  assert.equal(await inbox.locator("#conversations li").count(), 300);
  assert.match(await inbox.locator("#few").textContent(), /^The last 300 conversations; the search finds \d+ more\.$/);
  await inbox.locator("#conversations li").last().click();
  await inView(inbox, "#subject");
  await inView(inbox, "#messages li:last-child");
  assert.ok((await inbox.evaluate(() => document.querySelector(".list").scrollTop)) > 5000, "the list has jumped");
}

/** A conversation of more messages than are shown opens with its last one in view. */
export async function aLongConversation(inbox, service) {
  await many(service, 101, (n) => ({ recipient: "lenea@contoso.com", message: `line ${n}`, subject: "Log" }));
  await inbox.click('#conversations button:has-text("101 messages")');
  assert.equal(await inbox.locator("#earlier").textContent(), "The last 100 of 101 messages.");
  assert.equal(await inbox.locator("#messages > li").count(), 100);
  await inView(inbox, "#messages li:last-child");
}

/** What is typed into the search is looked for in the inbox, also where the view has nothing to be found. */
export async function aSearchFromElsewhere(inbox) {
  const search = async (text) => {
    await inbox.keyboard.press("/");
    await inbox.keyboard.type(text);
  };
  await inbox.click('nav a[href="#faults"]');
  await search("Report 309");
  await inbox.locator("#conversations li").nth(1).waitFor({ state: "detached" });
  assert.match(await inbox.locator("#conversations").textContent(), /number 309/);
  await inbox.keyboard.type(" and nothing like it");
  await inbox.locator("#few", { hasText: "Nothing fits the search." }).waitFor();
  await inbox.fill("#search", "");
  await inbox.click('nav a[href="#requests"]');
  await search("no such path");
  await inbox.locator("#no-requests", { hasText: "Nothing fits the search." }).waitFor();
  await inbox.fill("#search", "");
}

/** A message of another day has its date. */
export async function aDayLater(inbox) {
  await inbox.click('nav a[href="#inbox"]');
  const time = () => inbox.locator("#conversations time").first().textContent();
  assert.match(await time(), /^\d\d:/);
  await inbox.clock.setFixedTime(Date.now() + 86_400_000);
  await inbox.reload();
  await inbox.locator("#conversations time").first().waitFor();
  assert.match(await time(), /^[A-Z][a-z]{2} \d+, \d\d:/);
}

/** An address that is longer than the window is wide breaks, and nothing beside it does. */
export async function aLongAddress(inbox, page) {
  const recipient = `${"maximiliane-".repeat(5)}x@research.${"department-of-long-names.".repeat(4)}contoso.com`;
  await send(page, { recipient, message: "x".repeat(300), subject: "Names" });
  await inbox.bringToFront();
  await inbox.setViewportSize({ width: 360, height: 800 });
  await inbox.click('nav a[href="#inbox"]');
  if (await inbox.locator("#back").isVisible()) await inbox.click("#back");
  await inbox.click('#conversations button:has-text("Names")');
  const lines = await inbox.locator("#who dt").evaluateAll((names) => {
    const range = document.createRange();
    return names.map((name) => range.selectNodeContents(name) ?? range.getClientRects().length);
  });
  assert.deepEqual(lines, [1, 1, 1]);
  assert.equal(await inbox.evaluate(() => document.documentElement.scrollWidth), 360);
  await usual(inbox);
}

/** Text that is read from the right ends at the left. */
export async function rightToLeft(inbox, page) {
  await send(page, { recipient: "noa@contoso.com", message: "השרת הופעל מחדש!", subject: "עדכון" });
  await inbox.bringToFront();
  await inbox.click('nav a[href="#inbox"]');
  await inbox.click('#conversations button:has-text("עדכון")');
  const [first, last] = await inbox.locator("#messages .bubble").evaluate((bubble) => {
    const text = bubble.firstChild;
    const left = (at) => {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().left;
    };
    return [left(0), left(text.length - 1)];
  });
  assert.ok(last < first, `${last} ${first}`);
}

/** The second message came while the service waited for events: the answer to that older request stands after the message. */
export async function anExchangeInOrder(inbox) {
  await inbox.click('#conversations button:has-text("db7")');
  await inbox.locator("#messages .tag.good").waitFor();
  await inbox.click("#messages summary");
  await inbox.locator("#messages pre", { hasText: "GET /ucwa" }).first().waitFor();
  const titles = (await inbox.locator("#messages h4").allTextContents()).filter((title) => title.startsWith("Request"));
  const [own, older] = titles.map((title) => Number(title.match(/\d+/)[0]));
  assert.match(await inbox.locator("#messages pre").first().textContent(), /^POST \/ucwa/);
  assert.ok(older < own, `${titles}`);
}
