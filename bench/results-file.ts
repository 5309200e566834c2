/** bench/RESULTS.md: a section for each bench, which alone writes it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "./places.ts";

const FILE = join(benchFolder, "RESULTS.md");
const HEAD = `<!-- Each section is written by the command below its title, with --write. -->
# Results of the bench

What is measured, and how, stands at the head of each bench.
`;

/** The sections, in this order. */
const COMMANDS = {
  Engine: "npm run bench",
  Sweeps: "npm run bench:sweep",
  Peers: "npm run bench:peers",
  Daemon: "npm run bench:daemon",
  "Steadiness, Node 20": "npm run bench:steady",
  "Steadiness, Node 24": "npm run bench:steady",
};

export function writeSection(title: string, text: string): void {
  const old = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
  const sections = Object.entries(COMMANDS).map(([name, command]) => {
    if (name === title) return `\n## ${name}\n\n\`${command} -- --write\`\n\n${text.trim()}\n`;
    const [kept = ""] = new RegExp(`\\n## ${name}\\n[^]*?(?=\\n## |$)`).exec(old) ?? [];
    return kept;
  });
  writeFileSync(FILE, HEAD + sections.join(""));
}
