/**
 * Question  How near does the engine come to limit.c, and is it as fast as at the commit before?
 * Method    Round by round: limit.c, halfopen, the previous commit's halfopen, for each workload in turn, so that whatever else the machine does
 *           meets all alike. halfopen is the public library with default options: one warm thread, the wall-clock time of the call; of limit.c
 *           and of each halfopen the second of two runs in a row. Medians; ratios are formed within a round. Seed 1 throughout. For the scavenges see scavenges.ts.
 * Sizes     `--smoke` (a few seconds) runs inside the tests, so that this cannot rot; `npm run bench` takes the real ones, `--rounds N` (7)
 *           times; `--write` puts the figures into bench/RESULTS.md; `--against REVISION` chooses the commit to compare with.
 * Checksum  Of each workload's result. It must not change when only speed was meant to change.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildLimit } from "./limit.ts";
import { libraryUrl } from "./places.ts";
import { buildPrevious, previousRevision } from "./previous.ts";
import { figuresTable, machine, scavengesTable } from "./report.ts";
import { writeSection } from "./results-file.ts";
import { countScavenges } from "./scavenges.ts";
import { Subject } from "./subject.ts";
import { Turns } from "./turns.ts";
import { scenarioText, secondsOf, WORKLOADS } from "./workloads.ts";

const { values: flags } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    rounds: { type: "string" },
    write: { type: "boolean", default: false },
    against: { type: "string" },
  },
});
const rounds = Number(flags.rounds ?? (flags.smoke ? 1 : 7));
if (!(Number.isInteger(rounds) && rounds >= 1))
  throw new Error(`--rounds ${flags.rounds}: a whole number from 1 on is needed`);

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), "halfopen-bench-"));
const subjects: Subject[] = [];
try {
  await bench();
} finally {
  for (const subject of subjects) subject.stop();
  rmSync(folder, { recursive: true });
}

async function bench(): Promise<void> {
  const limit = buildLimit(folder);
  const halfopen = await startSubject(libraryUrl);
  const revision = flags.against ?? previousRevision();
  const previous = buildPrevious(revision, folder);
  const older = previous.ok ? await startSubject(previous.libraryUrl) : null;
  const workloads = flags.smoke ? WORKLOADS.map(({ goal: _, ...workload }) => workload) : WORKLOADS;
  const all = workloads.map(
    (workload) => new Turns(workload, secondsOf(workload, flags.smoke), halfopen, older, limit),
  );
  for (const turns of all) await turns.warmUp();
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const turns of all) await turns.round();
  }
  say("scavenges");
  const traced = WORKLOADS.filter(({ name }) => name === "W0" || name === "W1");
  const scavenges = traced.map((w) => [w.name, countScavenges(scenarioText(w, secondsOf(w, flags.smoke)))] as const);
  const text = [
    "`ms/s`: milliseconds of wall-clock time per simulated second; `×` above 1: halfopen is faster.",
    "",
    `${machine()}; ${new Date().toISOString().slice(0, 10)}; ${rounds} rounds${flags.smoke ? ", smoke sizes: the figures mean nothing" : ""}.`,
    limit === null
      ? "No C compiler here, so there are no ratios to limit.c."
      : "limit.c: -O3 -march=native; W0-10M is its coalescing mode.",
    previous.ok
      ? `Previous: ${previous.commit}${revision === "HEAD" ? " (what is measured is not committed yet)" : ""}.`
      : `No ratio to the previous commit: ${previous.why}.`,
    "",
    figuresTable(all.map((turns) => turns.figures())),
    "",
    scavengesTable(scavenges),
    "",
  ].join("\n");
  process.stdout.write(text);
  if (flags.write) writeSection("Engine", text);
}

async function startSubject(url: string): Promise<Subject> {
  const subject = await Subject.start(url);
  subjects.push(subject);
  return subject;
}
