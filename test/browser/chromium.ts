/** Headless Chromium, as a stranger's browser: a profile of its own, no network. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const CHROMIUM = process.env.CHROMIUM ?? "chromium";

const FLAGS = [
  ...["--headless", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-component-update"],
  ...["--disable-background-networking", "--disable-default-apps", "--enable-logging=stderr"],
  // The page under test is our own, and CI runs as root, whom the sandbox refuses.
  "--no-sandbox",
  // No name has an address: whoever loads something gets an error.
  "--host-resolver-rules=MAP * ~NOTFOUND",
];
/** Of the page's own time; it does not take that long. */
const VIRTUAL_MS = 5000;
const MOST_MS = 90_000;

export interface Visit {
  /** The document after its scripts ran, as HTML. */
  readonly dom: string;
  /** What stands on the console: errors, warnings, violations of the page's policy. */
  readonly console: readonly string[];
}

/** Takes a picture of a page from a file, as PNG. */
export function photograph(page: string, file: string, { width = 1280, height = 1000 } = {}): void {
  visit(page, { width, height, flags: [`--screenshot=${file}`, "--hide-scrollbars"] });
}

/** Opens a page from a file, lets its scripts run and comes back with what became of it. */
export function visit(page: string, { width = 1280, height = 1000, flags = [] as readonly string[] } = {}): Visit {
  const folder = mkdtempSync(join(tmpdir(), "halfopen-browser-"));
  try {
    const file = join(folder, "page.html");
    writeFileSync(file, page);
    const { stdout, stderr, error, status } = spawnSync(
      CHROMIUM,
      [
        ...[...FLAGS, ...flags, `--user-data-dir=${join(folder, "profile")}`, `--window-size=${width},${height}`],
        ...[`--virtual-time-budget=${VIRTUAL_MS}`, "--dump-dom", pathToFileURL(file).href],
      ],
      { encoding: "utf8", timeout: MOST_MS, maxBuffer: 64 << 20 },
    );
    if (error && "code" in error && error.code === "ENOENT") {
      throw new Error(
        `${CHROMIUM} is not there: these tests need Chromium (Debian: apt-get install chromium; else set CHROMIUM to its path)`,
      );
    }
    if (error || status !== 0)
      throw new Error(`${CHROMIUM} failed (${error?.message ?? `status ${status}`})\n${stderr}`);
    return { dom: stdout, console: stderr.split("\n").filter((line) => line.includes(":CONSOLE")) };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
