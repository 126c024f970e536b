// axe.mjs SITE - opens the built site in Chromium and holds it to what it promises: no finding of
// axe-core in light and dark, wide and narrow; no sideways scroll at 360 px; no request that leaves
// the folder; search and theme work, and without scripts the page is whole and hides both.
//
// All pages are opened once (light, 1280 px) and measured once at 360 px; the front page and three
// samples in all four modes. Exit 0: clean, 1: it is not, 127: the tools are not installed.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const modules = resolve(root, "build/node/node_modules");

function notRun(why) {
  console.error("not run: " + why);
  process.exit(127);
}

const site = resolve(process.argv[2] ?? "build/site");
if (!existsSync(CHROMIUM)) notRun("no " + CHROMIUM);
if (!existsSync(resolve(modules, "axe-core/axe.min.js"))) notRun("no axe-core in build/node");
if (!existsSync(resolve(modules, "playwright-core/index.mjs"))) notRun("no playwright-core in build/node");
const { chromium } = await import(resolve(modules, "playwright-core/index.mjs"));
const axe = readFileSync(resolve(modules, "axe-core/axe.min.js"), "utf8");

const pages = readdirSync(site).filter((name) => name.endsWith(".html")).sort();
const findings = pages.filter((name) => existsSync(resolve(site, "data", name.replace(".html", ""))));
const samples = new Set(["index.html", "methodology.html", findings[0], findings[findings.length - 1]].filter(Boolean));
const faults = [];
let runs = 0;

function fault(page, mode, text) {
  faults.push(`${page} (${mode}): ${text}`);
}

async function open(context, page, mode) {
  const tab = await context.newPage();
  tab.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) fault(page, mode, "asks for " + request.url());
  });
  tab.on("pageerror", (error) => fault(page, mode, "script error: " + error.message));
  await tab.goto("file://" + resolve(site, page));
  return tab;
}

async function check(context, page, mode) {
  const tab = await open(context, page, mode);
  await tab.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  await tab.evaluate(axe);
  const { violations } = await tab.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const v of violations)
    fault(page, mode, `${v.id}: ${v.help}, ${v.nodes.length} times, first at ${v.nodes[0].target.join(" ")}`);
  runs++;
  await tab.close();
}

async function measure(context, page) {
  const tab = await open(context, page, "360 px");
  const width = await tab.evaluate(() => document.documentElement.scrollWidth);
  if (width > 360) fault(page, "360 px", `is ${width} px wide`);
  await tab.close();
}

async function tryScripts(context) {
  const tab = await open(context, "index.html", "scripts");
  await tab.click("button.theme");
  if (await tab.getAttribute("html", "data-theme") !== "light") fault("index.html", "scripts", "the theme does not change");
  await tab.fill(".search input", "network");
  const found = await tab.waitForSelector(".search ol a", { timeout: 10000 }).catch(() => null);
  if (!found) fault("index.html", "scripts", "a search for \"network\" finds nothing");
  await tab.close();
}

async function tryWithout(context, page) {
  const tab = await open(context, page, "without scripts");
  for (const hidden of [".search", "button.theme"])
    if (await tab.isVisible(hidden)) fault(page, "without scripts", hidden + " is shown");
  if (!(await tab.isVisible("h1"))) fault(page, "without scripts", "the page is empty");
  await tab.close();
}

const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
for (const colorScheme of ["light", "dark"])
  for (const width of [1280, 360]) {
    const mode = `${colorScheme}, ${width} px`;
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
    const all = colorScheme === "light" && width === 1280;
    for (const page of pages) if (all || samples.has(page)) await check(context, page, mode);
    if (colorScheme === "light" && width === 360) for (const page of pages) await measure(context, page);
    if (all) await tryScripts(context);
    await context.close();
  }
const plain = await browser.newContext({ javaScriptEnabled: false });
for (const page of samples) await tryWithout(plain, page);
await browser.close();

for (const text of faults) console.error(text);
console.log(`axe: ${pages.length} pages, ${runs} runs, ${faults.length} violations`);
process.exit(faults.length ? 1 : 0);
