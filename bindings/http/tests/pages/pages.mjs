// node pages.mjs: the page of the service and the inbox of the sandbox, as somebody uses them in a browser.
//
// Reads a line of JSON: `sandbox`, `service` and `locked`, a service with https and a token, are URLs; `token` is that token;
// `pictures` is a folder for pictures, or null. Prints what was seen, and ends with 1 where something is not as it should be.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { withPage } from "../callers/jquery/browser.mjs";
import { look, outcome, press, send, tabTo } from "./driving.mjs";
import * as layout from "./layout.mjs";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { sandbox, service, locked, token, pictures } = JSON.parse((await lines.next()).value);

async function picture(tab, name, { scheme = "light", width = 1200, height }) {
  if (!pictures) return;
  await tab.bringToFront();
  await tab.emulateMedia({ colorScheme: scheme });
  await tab.setViewportSize({ width, height });
  await tab.evaluate(() => document.activeElement.blur());
  await tab.screenshot({ path: `${pictures}/${name}.png` });
  await tab.emulateMedia({ colorScheme: "light" });
  await tab.setViewportSize({ width: 1200, height: 800 });
}

/** A server that nobody should ask: how many connections it got. */
async function beacon() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { at: `http://127.0.0.1:${server.address().port}`, count: () => connections };
}

const hostile = (at) => `<!DOCTYPE html><head><link rel="preconnect" href="${at}"><link rel="stylesheet" href="${at}/a.css"><base href="${at}/">
<meta http-equiv="refresh" content="0;url=${at}/refresh"><style>@import "${at}/b.css"; body { background: url(${at}/c) }</style></head>
<body onload="parent.hacked = 1" style="background: url(${at}/d)"><h2>Release 4.2</h2><script>parent.hacked = 2; alert(1)</script>
<img src="${at}/e.png" alt="a chart" onerror="parent.hacked = 3"><img src="x" onerror="parent.hacked = 4"><svg onload="parent.hacked = 5"><image href="${at}/f"/></svg>
<iframe src="${at}/g" srcdoc="<script>top.hacked = 6</script>"></iframe><object data="${at}/h"></object><video src="${at}/i" poster="${at}/j" autoplay></video>
<form action="${at}/k"><input name="q" autofocus onfocus="parent.hacked = 7"><button>Win</button></form>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=parent.hacked=8&gt;"></table></mtext></math>
<p>It goes out at <b onclick="parent.hacked = 9">18:00</b>. <a href="javascript:parent.hacked=10" target="_top">notes</a></p><ul><li>new: invoices</li></ul></body>`;

/** An inbox as there could be one, for the pictures. */
async function pose(inbox, page) {
  const db7 = { recipient: "lenea@contoso.com", subject: "db7", importance: "urgent" };
  const release = '<h2>Release 4.2</h2><p>Goes out today at <b>18:00</b>; the <i>intranet</i> is read-only for ten minutes.</p><ul><li>invoices by e-mail</li><li>exports with umlauts</li></ul>';
  for (const message of [
    { recipient: "lenea@contoso.com", subject: "Backup", message: "Backup of db7 is done: 214 GB in 38 minutes." },
    { recipient: "amy@contoso.com", subject: "Release", message: release, html: true },
    { ...db7, message: "Disk of db7 at 91 %: /var/lib/postgresql has 42 GB left." },
    { recipient: "forwards@contoso.com", subject: "Building 2", message: "Fire alarm: leave by the north stairs.", importance: "emergency" },
    { ...db7, message: "Disk of db7 at 98 %: /var/lib/postgresql has 9 GB left.\nhttps://monitoring.contoso.com/db7" },
  ]) {
    await send(page, message);
  }
  await inbox.bringToFront();
  await inbox.click('nav a[href="#inbox"]');
  await inbox.click('#conversations button:has-text("db7")');
  await inbox.locator("#messages .tag.good").nth(1).waitFor();
  await picture(inbox, "inbox", { height: 580 });
  await inbox.click('#conversations button:has-text("Release")');
  await inbox.locator("#messages .tag.good").waitFor();
  await picture(inbox, "inbox-dark", { height: 580, scheme: "dark" });
}

await withPage(
  async (inbox) => {
    const errors = [];
    const dialogs = [];
    const watch = (tab) => {
      tab.on("pageerror", (error) => errors.push(error.message));
      tab.on("dialog", (dialog) => dialogs.push(dialog.message()) && dialog.dismiss());
    };
    const page = await inbox.context().newPage();
    [inbox, page].forEach(watch);
    await inbox.goto(`${sandbox}sandbox/`);
    await inbox.locator("#live[data-state=live]").waitFor();
    await look(inbox, "the empty inbox");
    await page.goto(service);
    await look(page, "the page to send from");

    // By the keyboard alone: a message, which appears in the inbox by itself.
    await page.bringToFront();
    await tabTo(page, "[name=recipient]");
    await page.keyboard.type("lenea@contoso.com");
    await tabTo(page, "[name=message]");
    await page.keyboard.type("Backup of db7 is done: 214 GB in 38 minutes.");
    await tabTo(page, "[name=subject]");
    await page.keyboard.type("Backup");
    await press(page, "#send", "Enter");
    let told = await outcome(page);
    assert.deepEqual([told.kind, told.sentence], ["good", "lenea@contoso.com accepted the message."]);
    for (const step of ["Find the server", "Sign in", "Open a session", "Invite the recipient"]) assert.ok(told.steps.includes(step), `${step}: ${told.steps}`);
    assert.deepEqual(told.steps, [...new Set(told.steps)], "each step once");
    assert.deepEqual(told.steps.slice(0, 2), ["Find the server", "Sign in"]);
    assert.match(told.facts, /accepted the invitation that carried the text/);
    await layout.inView(page, "#outcome");
    const motion = () => page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior);
    assert.equal(await motion(), "smooth");
    await page.emulateMedia({ reducedMotion: "reduce" });
    assert.equal(await motion(), "auto");
    await picture(page, "send", { width: 800, height: 965 });
    await inbox.locator("#conversations button", { hasText: "Backup" }).waitFor();
    console.log("a message appears in the inbox while that is open");

    await page.setViewportSize({ width: 360, height: 640 });
    await send(page, { recipient: "lenea@contoso.com", message: "db7: disk full on /var/lib/postgresql (98 %)", subject: "db7", importance: "urgent" });
    await layout.inView(page, "#outcome");
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await look(page, "the page with a receipt");

    await inbox.bringToFront();
    await inbox.keyboard.press("/");
    await inbox.keyboard.type("disk full");
    await inbox.locator("#conversations li").nth(1).waitFor({ state: "detached" });
    assert.match(await inbox.locator("#conversations").textContent(), /Urgent/);
    await inbox.keyboard.press("Control+A");
    await inbox.keyboard.press("Delete");
    await inbox.locator("#conversations li").nth(1).waitFor();
    await press(inbox, "#conversations button", "ArrowDown");
    await inbox.keyboard.press("Enter");
    assert.equal(await inbox.evaluate(() => document.activeElement.textContent), "Backup");
    await inbox.locator("#messages .tag.good", { hasText: "invitation accepted" }).waitFor();
    await press(inbox, "#messages summary", "Enter");
    const raw = inbox.locator("#messages details");
    await raw.locator("pre", { hasText: "startMessaging" }).or(raw.locator("pre", { hasText: "messagingInvitations" })).first().waitFor();
    const shown = await raw.textContent();
    assert.match(shown, /POST \/ucwa/);
    assert.match(shown, /authorization: \(not shown\)/);
    assert.doesNotMatch(shown, /Bearer|cwt=|s3cret/);
    await layout.anExchangeInOrder(inbox);
    await look(inbox, "an open conversation");
    await inbox.setViewportSize({ width: 360, height: 800 });
    assert.equal(await inbox.locator("#conversations").isVisible(), false);
    await press(inbox, "#back", "Enter");
    assert.equal(await inbox.locator("#conversations").isVisible(), true);
    await inbox.setViewportSize({ width: 1200, height: 800 });
    console.log("found, read and closed by the keyboard");

    // A fault, by the keyboard: its sentence stands on the page, and the next message arrives.
    await press(inbox, 'nav a[href="#faults"]', "Enter");
    await press(inbox, "#switches input", "Space");
    await inbox.locator("#count-faults", { hasText: "1" }).waitFor();
    await look(inbox, "the faults");
    told = await send(page, { recipient: "lenea@contoso.com", message: "lost" });
    assert.equal(told.kind, "bad");
    assert.match(told.sentence, /failed to invite the recipient: HTTP 503/);
    assert.match(told.facts, /Nothing was delivered/);
    console.log(`with a fault: ${told.sentence}`);
    await look(page, "the page with a problem");
    await inbox.bringToFront();
    await press(inbox, "#switches input", "Space");
    await inbox.locator("#count-faults:empty").waitFor({ state: "attached" });
    // One that hits a single request is counted down on the page.
    await inbox.selectOption("[name=action]", { label: "processed late" });
    await inbox.fill("[name=number]", "1");
    await inbox.click("#fault button");
    await inbox.locator("#fault-list", { hasText: "start_messaging: delay:{ms:1}" }).waitFor();
    assert.equal((await send(page, { recipient: "lenea@contoso.com", message: "late" })).kind, "good");
    await inbox.locator("#fault-list:empty").waitFor({ state: "attached" });

    // A recipient's behaviour.
    await inbox.click('nav a[href="#recipients"]');
    await inbox.fill("[name=address]", "bob@contoso.com");
    await inbox.selectOption("[name=behaviour]", { label: "declines" });
    await inbox.click("#recipient button");
    await inbox.locator("#recipient-list", { hasText: "bob@contoso.com: decline" }).waitFor();
    await look(inbox, "the recipients");
    told = await send(page, { recipient: "bob@contoso.com", message: "hello" });
    assert.deepEqual([told.kind, /declined/.test(told.facts)], ["bad", true]);
    console.log(`with a behaviour: ${told.sentence}`);
    await inbox.click("#recipient-list button");
    await inbox.locator("#recipient-list:empty").waitFor({ state: "attached" });
    assert.equal((await send(page, { recipient: "bob@contoso.com", message: "hello" })).kind, "good");

    // An html message runs nothing and loads nothing.
    const elsewhere = await beacon();
    told = await send(page, { recipient: "amy@contoso.com", message: hostile(elsewhere.at), subject: "Release", importance: "emergency", html: true });
    assert.equal(told.kind, "good");
    // That it is html is told before the invitation, which is part of sending the text; the text goes after it.
    assert.deepEqual(told.steps.slice(-3), ["Invite the recipient", "Send the text", "Wait for the recipient's side"]);
    assert.match((await send(page, { recipient: "forwards@contoso.com", message: "hello" })).sentence, / accepted the message in place of forwards@contoso\.com\.$/);
    await inbox.click('nav a[href="#inbox"]');
    await inbox.click('#conversations button:has-text("Release")');
    const letter = inbox.frameLocator("#messages iframe");
    await letter.locator("li", { hasText: "new: invoices" }).waitFor();
    const inside = await letter.locator("body").evaluate((body) => [...body.querySelectorAll("*")].map((one) => one.outerHTML.match(/^<[^>]*>/)[0]));
    const allowed = /^<(div class="body"|h2|span class="image"|p|b|u title="javascript:parent.hacked=10"|ul|li|table|tbody|tr|td)>$/;
    assert.deepEqual(inside.filter((tag) => !allowed.test(tag)), []);
    assert.match(await letter.locator("body").innerText(), /\[image: a chart\]/);
    // What a browser asks for by itself, it asks for soon; the messages after it show that it had the time.
    await send(page, { recipient: "amy@contoso.com", message: "after", subject: "After" });
    await inbox.locator("#conversations button", { hasText: "After" }).waitFor();
    await inbox.locator("#messages .tag.good").first().waitFor();
    assert.deepEqual([await inbox.evaluate(() => window.hacked ?? null), elsewhere.count(), dialogs], [null, 0, []]);
    assert.equal(inbox.url(), `${sandbox}sandbox/#inbox`);
    console.log("an html message runs nothing and loads nothing");
    await look(inbox, "an html message");
    await inbox.click("#inbox [data-clear]");
    await inbox.locator("#no-messages").waitFor();
    await inbox.click('nav a[href="#requests"]');
    await inbox.locator("#journal summary", { hasText: "201 POST" }).first().click();
    await inbox.locator("#journal pre").first().waitFor();
    await look(inbox, "the requests");
    if (pictures) await pose(inbox, page);
    await layout.aLongAddress(inbox, page);
    await layout.rightToLeft(inbox, page);
    await layout.aBarThatStays(inbox);
    await layout.formsThatFit(inbox);
    await layout.aClosedRequest(inbox, sandbox);
    await layout.aCrowd(inbox, service);
    await look(inbox, "an inbox with hundreds of conversations");
    await layout.aLongConversation(inbox, service);
    await layout.aSearchFromElsewhere(inbox);
    await layout.aDayLater(inbox);
    console.log("it all fits, also where there is much");

    // The toggle goes before the system's choice, and is remembered.
    await inbox.emulateMedia({ colorScheme: "light" });
    const ground = () => inbox.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await press(inbox, "#theme", "Enter");
    assert.notEqual(await ground(), light);
    await inbox.reload();
    assert.notEqual(await ground(), light);

    // With https and a token, which is asked for and kept nowhere.
    await page.goto(locked);
    await page.locator("[name=token]").waitFor();
    await look(page, "the page that asks for a token");
    told = await send(page, { token: "not-the-token-at-all", recipient: "lenea@contoso.com", message: "with a token" });
    assert.deepEqual([told.kind, told.sentence], ["bad", "The token is not one of this service's."]);
    await page.fill("[name=token]", token);
    await page.click("#send");
    await page.locator("#outcome p.good").waitFor();
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
    const cookies = JSON.stringify(await page.context().cookies());
    assert.ok(!(kept + cookies).includes(token), kept);
    await page.reload();
    await page.locator("[name=token]").waitFor();
    assert.equal(await page.inputValue("[name=token]"), "");
    console.log("with https a token is asked for, and kept nowhere");
    assert.deepEqual(errors, []);
  },
  { more: { bypassCSP: false, ignoreHTTPSErrors: true, viewport: { width: 1200, height: 800 }, colorScheme: "light" } },
);
process.exit(0);
