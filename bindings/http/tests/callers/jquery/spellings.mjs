// node spellings.mjs SERVICE: what pages of elsewhere can do at an open service, by every spelling of loopback and every way
// that needs no script of the service's consent.
//
// Prints a JSON array with one object an attempt: how the host was spelled, the host the browser made of it, the way, and, where
// the request arrived, the service's status and the headers Sec-Fetch-Site and Origin that it came with.
import http from "node:http";
import { servePages, withPage } from "./browser.mjs";

const EVIL = "evil.example";
const REBOUND = "rebound.example";
const LENE = "lenea@contoso.com";
// Nobody listens at the fourth last, and the last are no URLs: what a browser makes of them may change.
const SPELLINGS = `127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 127.0.0.1. %3127.0.0.1 127。0。0。1
  localhost LOCALHOST localhost. foo.localhost ${REBOUND} [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] 0.0.0.0 0 0x0 [::]
  [::127.0.0.1] [::1%25lo] [fe80::1%25lo]`.split(/\s+/);
const canonical = (spelling) => (URL.canParse(`http://${spelling}/`) ? new URL(`http://${spelling}/`).hostname : null);

const service = new URL(process.argv[2]);
/** The requests that arrived, by the text of their message. */
const arrived = new Map();

/** Passes a request on as it is, and takes note of it: the service listens at one address, pages try two. */
function relay(request, response) {
  const { method, url: path, rawHeaders: headers } = request;
  const on = { host: service.hostname, port: service.port, method, path, headers, setHost: false, agent: false };
  const onward = http.request(on, (answer) => {
    const { "sec-fetch-site": site = null, origin = null } = request.headers;
    const text = new URL(path, service).searchParams.get("message");
    if (text) arrived.set(text, { status: answer.statusCode, site, origin });
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(response);
  });
  request.pipe(onward);
}

const listen = (host, port) =>
  new Promise((resolve, reject) => {
    const server = http.createServer(relay).on("error", reject);
    server.listen(port, host, () => resolve(server.address().port));
  });

/** A port that both addresses have. */
async function relayed() {
  for (;;) {
    const port = await listen("127.0.0.1", 0);
    try {
      return await listen("::1", port);
    } catch (taken) {
      if (taken.code !== "EADDRINUSE") throw taken;
    }
  }
}

const attribute = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
const inputs = (url) =>
  [...new URL(url).searchParams].map(([name, value]) => `<input type="hidden" name="${name}" value="${attribute(value)}">`).join("");
const form = (method, url) =>
  `<form method="${method}" action="${attribute(url)}">${method === "get" ? inputs(url) : '<input name="subject" value="s">'}<button id="go">go</button></form>`;

/** What a page of elsewhere holds. Where there is a `go`, the user is made to click it. */
const WAYS = {
  link: (url) => `<a id="go" href="${attribute(url)}">go</a>`,
  "link in a new window": (url) => `<a id="go" target="_blank" rel="noopener noreferrer" href="${attribute(url)}">go</a>`,
  redirect: (url, here) => `<a id="go" href="${here}/away?${encodeURIComponent(url)}">go</a>`,
  "window.open": (url) => `<a id="go" href="#" onclick='window.open(${attribute(JSON.stringify(url))})'>go</a>`,
  "GET form": (url) => form("get", url),
  "POST form": (url) => form("post", url),
  "plain POST form": (url) => form('post" enctype="text/plain', url),
  "meta refresh": (url) => `<meta http-equiv="refresh" content="0;url=${attribute(url)}">`,
  location: (url) => `<script>location = ${JSON.stringify(url)}</script>`,
  image: (url) => `<img src="${attribute(url)}">`,
  "redirected image": (url, here) => `<img src="${here}/away?${encodeURIComponent(url)}">`,
  script: (url) => `<script src="${attribute(url)}"></script>`,
  style: (url) => `<link rel="stylesheet" href="${attribute(url)}">`,
  iframe: (url) => `<iframe src="${attribute(url)}"></iframe>`,
  "sandboxed iframe": (url) => `<iframe sandbox src="${attribute(url)}"></iframe>`,
  "GET by fetch": (url) => `<script>fetch(${JSON.stringify(url)}, { mode: "no-cors" })</script>`,
  "POST by fetch": (url) => `<script>fetch(${JSON.stringify(url)}, { mode: "no-cors", method: "POST" })</script>`,
};

const port = await relayed();
const sends = (host, text) => `http://${host}:${port}/send?${new URLSearchParams({ recipient: LENE, message: text })}`;
const pages = await servePages((request, response) => {
  const [path, encoded] = request.url.split("?");
  const target = decodeURIComponent(encoded ?? "");
  // Spellings need not be ASCII: a header takes their bytes.
  if (path === "/away") response.writeHead(302, { Location: Buffer.from(target).toString("latin1") });
  const way = WAYS[decodeURIComponent(path.slice(1))];
  return way ? `<!doctype html><title>elsewhere</title>${way(target, here)}` : "";
});
const here = `http://${EVIL}:${pages}`;

// The browser compares addresses of IPv6 without their brackets.
const reached = SPELLINGS.map((spelling) => canonical(spelling)?.replace(/^\[|\]$/g, "")).filter((host) => host && host !== REBOUND);
const seen = [];
await withPage(
  async (first) => {
    const context = first.context();
    /** Returns once the browser has an answer to the request with this message, or none. */
    const settled = (text) => {
      const itsOwn = (request) => {
        const url = new URL(request.url());
        return url.port === String(port) && url.searchParams.get("message") === text;
      };
      const options = { predicate: itsOwn, timeout: 60_000 };
      return Promise.race([context.waitForEvent("requestfinished", options), context.waitForEvent("requestfailed", options)]);
    };
    const attempt = async (spelling, way, act) => {
      const text = `${way} at ${spelling}`;
      const tab = await context.newPage();
      await Promise.all([settled(text), act(tab, sends(spelling, text))]);
      seen.push({ spelling, host: canonical(spelling), way, ...arrived.get(text) });
    };
    /** Opens a page of elsewhere, and clicks what it holds to be clicked. */
    const shows = async (tab, way, url) => {
      await tab.goto(`${here}/${encodeURIComponent(way)}?${encodeURIComponent(url)}`, { waitUntil: "commit" });
      if (WAYS[way](url, here).includes('id="go"')) await tab.click("#go", { noWaitAfter: true });
    };
    /** Opens the URL itself, as a user does from a mail or by hand. Its connection may be refused. */
    const opens = (tab, url) => tab.goto(url).catch(() => {});
    for (const spelling of SPELLINGS) {
      if (!canonical(spelling)) {
        seen.push({ spelling, host: null });
        continue;
      }
      // What the browser takes for the same host it sends in the same way: there a link is enough.
      const known = seen.some(({ host }) => host === canonical(spelling));
      const page = (way) => [way, (tab, url) => shows(tab, way, url)];
      const ways = known ? [page("link")] : [...Object.keys(WAYS).map(page), ["opened", opens]];
      await Promise.all(ways.map(([way, act]) => attempt(spelling, way, act)));
      for (const page of context.pages()) if (page !== first) await page.close();
    }
    // Pages that the service itself would have served, by a name that leads here since: of the same origin to the browser.
    await attempt(REBOUND, "rebound", async (tab, url) => {
      await tab.goto(`http://${REBOUND}:${port}/healthz`);
      await tab.evaluate((url) => fetch(url).then((answer) => answer.text()), url);
    });
  },
  { names: [EVIL, REBOUND], reached },
);
// A program may: what was refused is not the relay's doing.
seen.push({ way: "program", status: (await fetch(sends("127.0.0.1", "sent by a program"))).status });
console.log(JSON.stringify(seen));
process.exit(0);
