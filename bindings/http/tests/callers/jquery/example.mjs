// node example.mjs COMMAND RECIPIENT TEXT: starts `COMMAND serve`, opens the page of examples/jquery in a browser and sends.
import { once } from "node:events";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { servePages, withPage } from "./browser.mjs";

const [command, recipient, text] = process.argv.slice(2);
if (text === undefined) {
  console.error("usage: node example.mjs COMMAND RECIPIENT TEXT");
  process.exit(2);
}
const html = readFileSync(new URL("../../../../../examples/jquery/index.html", import.meta.url), "utf8");
let service = "";
const port = await servePages(() => html.replaceAll("http://127.0.0.1:8480/", service));
const serve = spawn(command, ["serve", "--listen", "127.0.0.1:0", "--allow-origin", `http://localhost:${port}`], {
  stdio: ["ignore", "pipe", "ignore"],
});
const ended = once(serve, "exit");
service = await Promise.race([once(createInterface({ input: serve.stdout }), "line").then(([line]) => line), ended.then(() => "")]);
let code = 2;
if (service) {
  code = await withPage(async (tab) => {
    await tab.goto(`http://localhost:${port}/`);
    await tab.fill("[name=recipient]", recipient);
    await tab.fill("[name=message]", text);
    await tab.click("button");
    const output = await tab.waitForSelector("output[data-exit-code]", { timeout: 90_000 });
    console.log(await output.textContent());
    return Number(await output.getAttribute("data-exit-code"));
  });
}
serve.kill("SIGTERM");
await ended;
process.exit(code);
