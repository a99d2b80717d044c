// A browser, and servers of its pages.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The packages are not in the clone: SEND_IM_NODE_MODULES is the folder that has them.
export const packages = createRequire(join(process.env.SEND_IM_NODE_MODULES, "here.js"));
const { chromium } = packages("playwright-core");
const jquery = readFileSync(packages.resolve("jquery/dist/jquery.min.js"));

/** Serves `html` and jQuery on a free port, until the program ends. Gives the port. `html` may set the status. */
export function servePages(html) {
  const server = createServer((request, response) => {
    const isScript = request.url.endsWith("/jquery.min.js");
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(isScript ? jquery : html(request, response));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

/**
 * Runs `work` with a page of a new browser, in which `names` lead to 127.0.0.1 and `reached` where they lead by themselves. `more`
 * are options of the browser.
 */
export async function withPage(work, { names = ["rebound.example"], reached = ["127.0.0.1", "localhost"], more = {} } = {}) {
  const rules = [...names.map((name) => `MAP ${name} 127.0.0.1`), "MAP * ~NOTFOUND", ...reached.map((host) => `EXCLUDE ${host}`)];
  const folder = mkdtempSync(join(tmpdir(), "send-im-browser-"));
  const browser = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.SEND_IM_CHROMIUM || "/usr/bin/chromium",
    headless: true,
    // A page that was rebound has a policy of its own, not the service's.
    bypassCSP: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=${rules.join(", ")}`,
    ],
    ...more,
  });
  try {
    return await work(await browser.newPage());
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
