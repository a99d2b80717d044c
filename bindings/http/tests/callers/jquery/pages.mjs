// node pages.mjs LISTED_PORT: what pages can do at the service, whose URL and token come line by line on standard input.
//
// Prints the port of the pages, reads the URL of an open service and of one that needs a token, and prints as JSON what the
// pages saw. Pages of http://localhost are listed at the services, those of http://127.0.0.1 are not.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { servePages, withPage } from "./browser.mjs";

const page = readFileSync(new URL("page.html", import.meta.url), "utf8");
const port = await servePages(() => page);
console.log(port);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { open, locked, token } = JSON.parse((await lines.next()).value);

/** What jQuery says of a request: status, and the kind of a problem. */
const ask = (tab, name, url, how) =>
  tab.evaluate(
    async ([name, url, how]) => {
      const text = (shape) => `${shape} from jQuery: grüße, 50% & mehr 😀`;
      const fields = { recipient: "lenea@contoso.com", message: text(name) };
      const requests = {
        get: () => $.get(`${url}index.html`, fields),
        post: () => $.post(`${url}index.html`, fields),
        json: () =>
          $.ajax({
            url: `${url}index.html`,
            method: "POST",
            contentType: "application/json",
            data: JSON.stringify({ ...fields, username: "tosh@contoso.com", password: "s3cret-of-tosh" }),
          }),
        uncached: () => $.ajax({ url: `${url}index.html`, data: fields, cache: false }),
        busy: () => $.post(`${url}index.html`, { recipient: "busy@contoso.com", message: "hello" }),
        token: () =>
          $.ajax({ url: `${url}send`, method: "POST", data: fields, headers: { Authorization: `Bearer ${how}` } }),
      };
      try {
        const receipt = await requests[name]();
        return `${name} 200 ${receipt.accepted_by}`;
      } catch (failed) {
        return `${name} ${failed.status} ${failed.responseJSON?.kind ?? ""}`.trim();
      }
    },
    [name, url, how],
  );

const seen = {};
await withPage(async (tab) => {
  const visit = async (host) => {
    await tab.goto(`http://${host}:${port}/`);
  };
  const message = "recipient=lenea@contoso.com&message=forged";

  await visit("localhost");
  seen.listed = [];
  for (const name of ["get", "post", "json", "uncached", "busy"]) seen.listed.push(await ask(tab, name, open));
  seen.token = [await ask(tab, "post", locked), await ask(tab, "token", locked, token), await ask(tab, "token", locked, "wrong")];

  await visit("127.0.0.1");
  seen.other = [];
  for (const name of ["get", "post", "json"]) seen.other.push(await ask(tab, name, open));

  // What needs no script of the service's consent: an image, a form, a link, and an address that somebody opens.
  seen.image = await tab.evaluate(
    (url) =>
      new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve("loaded");
        image.onerror = () => resolve("failed");
        image.src = url;
      }),
    `${open}?${message}`,
  );
  const status = async (what) => (await Promise.all([tab.waitForNavigation(), what()]))[0].status();
  seen.form = await status(() =>
    tab.evaluate((url) => {
      $(`<form method="post" action="${url}send"><input name="recipient" value="lenea@contoso.com"><input name="message" value="forged"></form>`)
        .appendTo("body")
        .trigger("submit");
    }, open),
  );
  await visit("127.0.0.1");
  seen.link = await status(() =>
    tab.evaluate((url) => {
      const link = document.createElement("a");
      link.href = url;
      document.body.append(link);
      link.click();
    }, `${open}?${message}`),
  );
  seen.opened = (await tab.goto(`${open}?${message}`)).status();

  // A page whose name leads here since it was loaded: to the browser it is of the service's own origin.
  await tab.goto(`${open.replace("127.0.0.1", "rebound.example")}healthz`);
  seen.rebound = await tab.evaluate(async (query) => (await fetch(`/send?${query}`)).status, message);
});
console.log(JSON.stringify(seen));
process.exit(0);
