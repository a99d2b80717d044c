// node xframe.mjs SANDBOX RECIPIENT: a page of elsewhere sends a message through the sandbox's xframe page, as browser programs
// send through a pool's. Prints as JSON the status of each step, and of what such a page has no business to ask.
import { servePages, withPage } from "./browser.mjs";

const [sandbox, recipient] = process.argv.slice(2);
const port = await servePages(() => "<!DOCTYPE html><title>elsewhere</title>");

/** Runs in the page. */
async function walk([sandbox, recipient]) {
  const frame = document.body.appendChild(document.createElement("iframe"));
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  frame.src = `${sandbox}xframe`;
  await loaded;
  let messages = 0;
  /** What the frame answers within this time. */
  const ask = (type, url, { headers = {}, data, patience = 20_000 } = {}) =>
    new Promise((resolve) => {
      const messageId = String(++messages);
      const answered = (event) => {
        const answer = JSON.parse(event.data);
        if (answer.messageId !== messageId) return;
        window.removeEventListener("message", answered);
        resolve(answer);
      };
      window.addEventListener("message", answered);
      setTimeout(() => resolve({ status: "no answer" }), patience);
      const request = { type, url, headers: { Accept: "application/json", ...headers }, data, messageId };
      frame.contentWindow.postMessage(JSON.stringify(request), sandbox);
    });
  const seen = {};
  const root = await ask("get", sandbox);
  seen.root = [root.status, root.headers.includes("Content-Type: application/json")];
  const { user } = JSON.parse(root.responseText)._links;
  const refused = await ask("get", user.href);
  seen.challenge = refused.status;
  const [, service] = /MsRtcOAuth href="([^"]+)"/.exec(refused.headers);
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const ticket = await ask("post", service, { headers: form, data: "grant_type=password&username=tosh@contoso.com&password=x" });
  const headers = { Authorization: `Bearer ${JSON.parse(ticket.responseText).access_token}`, "Content-Type": "application/json" };
  const { applications } = JSON.parse((await ask("get", user.href, { headers })).responseText)._links;
  const identity = JSON.stringify({ UserAgent: "page", EndpointId: "1", Culture: "en-US" });
  const created = await ask("post", applications.href, { headers, data: identity });
  seen.created = created.status;
  const { startMessaging } = JSON.parse(created.responseText)._embedded.communication._links;
  const message = { href: "data:text/plain;charset=utf-8,hello+from+a+page" };
  const invitation = JSON.stringify({ to: `sip:${recipient}`, operationId: "1", _links: { message } });
  seen.invited = (await ask("post", new URL(startMessaging.href, sandbox).href, { headers, data: invitation })).status;
  seen.own = [];
  for (const path of ["sandbox/api/messages", "/sandbox/api/messages", "%73andbox/api/messages", "x/../Sandbox/api/messages"]) {
    const json = { headers: { "Content-Type": "application/json", "X-Ms-Origin": "" }, patience: 500 };
    seen.own.push((await ask("get", sandbox + path, json)).status);
  }
  return seen;
}

let seen;
await withPage(async (tab) => {
  await tab.goto(`http://localhost:${port}/`);
  seen = await tab.evaluate(walk, [sandbox, recipient]);
});
console.log(JSON.stringify(seen));
process.exit(0);
