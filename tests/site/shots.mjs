// shots.mjs SITE OUT [PAGE...] - pictures of the site for the eye: each page in light and dark at
// 1280 and 360 px, and as it is printed. If OUT ends with .png, only the first screen of the front
// page goes there: README.md shows it. Serif text is set in the first of the style sheet's faces
// that the machine has; Debian has one of them in fonts-sil-charis.
import { chromium } from "../../build/node/node_modules/playwright-core/index.mjs";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";

const [site, out, ...pages] = process.argv.slice(2);
const address = (page) => "file://" + resolve(site, page);

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
if (out.endsWith(".png")) {
  const tab = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  await tab.goto(address("index.html"));
  await tab.screenshot({ path: out });
  await browser.close();
  process.exit(0);
}
mkdirSync(out, { recursive: true });
for (const scheme of ["light", "dark"])
  for (const width of [1280, 360]) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: width > 600 ? 800 : 720 } });
    const tab = await context.newPage();
    for (const page of pages.length ? pages : ["index.html"]) {
      await tab.goto(address(page));
      const name = page.replace(".html", "");
      await tab.screenshot({ path: `${out}/${name}-${scheme}-${width}.png` });
      await tab.screenshot({ path: `${out}/${name}-${scheme}-${width}-full.png`, fullPage: true });
    }
    await context.close();
  }
const tab = await browser.newPage();
for (const page of pages.length ? pages : ["index.html"]) {
  await tab.goto(address(page));
  await tab.pdf({ path: `${out}/${page.replace(".html", "")}.pdf`, format: "A4" });
}
await browser.close();
