/**
 * `node dist/generate/fidelity.js [--check]`: simulates the shipped recordings with seeds 1 to 8 and writes docs/fidelity.md.
 * With --check nothing is written; exit 1 says that the committed page, or the table of reasons, is not what would be written.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  type AgreementCount,
  closePool,
  compare,
  countAgreement,
  formatIssues,
  parseRecording,
  parseScenario,
  type Recording,
  recordingOf,
  seedsFrom,
  simulateScenario,
} from "../index.ts";
import { type Fidelity, fidelityDocument } from "./fidelity-document.ts";
import { REASONS, reasonFor } from "./fidelity-reasons.ts";

const SEEDS = 8;
const recordingsUrl = new URL("../../test/recordings/", import.meta.url);
const pageUrl = new URL("../../docs/fidelity.md", import.meta.url);

async function fidelityOf(recording: string): Promise<Fidelity> {
  const file = `${recording}.scenario.json`;
  const parsed = parseScenario(readFileSync(new URL(file, recordingsUrl), "utf8"));
  if (!parsed.ok) throw new Error(formatIssues(file, parsed.error));
  const recorded = parseRecording(readFileSync(new URL(`${recording}.result.json`, recordingsUrl), "utf8"));
  if (!recorded.ok) throw new Error(`${recording}: ${recorded.error}`);
  const { scenario } = parsed.value;
  const { specs, results } = await simulateScenario(scenario, { seeds: seedsFrom(1, SEEDS) });
  const rows = compare(recordingOf(scenario, specs, results), recorded.value);
  return { recording, rows, kernel: agreementWithItself(recorded.value) };
}

/** Each run as a model of the others. */
function agreementWithItself(recorded: Recording): AgreementCount {
  const { runs } = recorded;
  const rows = runs.flatMap((run, index) =>
    compare({ ...recorded, runs: [run] }, { ...recorded, runs: runs.filter((_, other) => other !== index) }),
  );
  return countAgreement(rows);
}

/** Reasons that no disagreement needs any more. */
function staleReasons(all: readonly Fidelity[]): string[] {
  const used = new Set(
    all.flatMap(({ recording, rows }) =>
      rows.filter((row) => !row.agrees).map((row) => reasonFor(recording, row.name)),
    ),
  );
  return REASONS.filter((reason) => !used.has(reason)).map(({ recording, value }) => `${recording} ${value}`);
}

const recordings = readdirSync(recordingsUrl)
  .filter((file) => file.endsWith(".scenario.json"))
  .map((file) => file.replace(".scenario.json", ""))
  .sort();
const all: Fidelity[] = [];
for (const recording of recordings) all.push(await fidelityOf(recording));
await closePool();

const page = fidelityDocument(all, SEEDS, REASONS);
const stale = staleReasons(all);
for (const reason of stale) process.stderr.write(`fidelity-reasons.ts: no value needs ${reason}\n`);
if (!process.argv.includes("--check")) {
  writeFileSync(pageUrl, page);
} else if (page !== readFileSync(pageUrl, "utf8") || stale.length > 0) {
  process.stderr.write("docs/fidelity.md is not current: npm run docs:fidelity\n");
  process.exitCode = 1;
}
