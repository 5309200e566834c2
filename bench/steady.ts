/**
 * Question  Is each process as fast as the next, and how long does a day take?
 * Method    V8 decides in each process anew what it compiles, and how well. So: 20 processes one after the other, in each of them the workloads in turn, warm;
 *           what counts is the slowest against the median. Of runs that are over within 0.2 s each process does several. Just before and after each, limit.c
 *           says how fast the machine is at that moment (of a shared one, others decide that), and times are taken in its. Then processes that rest after
 *           they were measured, until V8 collects what nobody uses, and are measured again: what was compiled must still be there. Then a day of ordinary
 *           connections, once. Under another Node: `PATH=... npm run bench:steady`.
 * Sizes     `--smoke` runs inside the tests; `--runs N` (20); `--write`: into bench/RESULTS.md, beside what another Node's runs wrote.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildLimit, runLimit } from "./limit.ts";
import { libraryUrl } from "./places.ts";
import { machine } from "./report.ts";
import { writeSection } from "./results-file.ts";
import type { Job } from "./runner.ts";
import { median, most } from "./statistics.ts";
import { Subject } from "./subject.ts";
import { limitArguments, scenarioText, secondsOf, WORKLOADS, type Workload } from "./workloads.ts";

const { values: flags } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    runs: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const runs = Number(flags.runs ?? (flags.smoke ? 2 : 20));
/** A run's speed against the median's, at least. */
const LEAST = 0.7;
const DAY_GOAL_S = 120;

const workloadOf = (name: string): Workload => {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`${name} is missing`);
  return found;
};

const folder = mkdtempSync(join(tmpdir(), "halfopen-steady-"));
const limit = buildLimit(folder);
/** How long limit.c takes now for some flood, s; without it all moments count as equal. */
const yardstick = limitArguments(workloadOf("W0"), flags.smoke ? 1 : 20);
const yardstickS = (): number => (limit === null ? 1 : runLimit(limit, yardstick));

/** A run of some milliseconds says more of its moment than of its process, so short ones are done more often. */
const ENOUGH_S = 0.2;

async function usualWallS(subject: Subject, job: Job): Promise<number> {
  const times: number[] = [];
  for (let sum = 0; sum < ENOUGH_S; sum += times.at(-1) as number) times.push((await subject.measure(job)).wallS);
  return median(times);
}

interface Run {
  readonly wallS: number;
  /** Wall-clock time in the yardstick's. */
  readonly relative: number;
}
const measured = new Map<string, Run[]>(WORKLOADS.map(({ name }) => [name, []]));
for (let run = 1; run <= runs; run++) {
  process.stderr.write(`process ${run} of ${runs}\n`);
  const subject = await Subject.start(libraryUrl);
  for (const workload of WORKLOADS) {
    const job = { text: scenarioText(workload, secondsOf(workload, flags.smoke)), engine: workload.engine };
    await subject.measure(job);
    const before = yardstickS();
    const wallS = await usualWallS(subject, job);
    measured.get(workload.name)?.push({ wallS, relative: (2 * wallS) / (before + yardstickS()) });
  }
  subject.stop();
}
const rows = [...measured].map(([name, times]) => {
  const relative = times.map((run) => run.relative);
  const least = median(relative) / most(relative);
  const slow = relative.filter((each) => median(relative) / each < LEAST).length;
  const goal = `${slow === 0 ? "met" : `missed by ${slow}`}: >= ${LEAST}`;
  const ms = (1000 * median(times.map(({ wallS }) => wallS))).toFixed(1);
  return `| ${name} | ${times.length} | ${ms} | ${least.toFixed(2)} | ${goal} |`;
});

/** V8's memory reducer waits 8 s. */
const restS = flags.smoke ? 1 : 15;
const resting = flags.smoke ? 1 : 4;
process.stderr.write(`${resting} processes rest for ${restS} s\n`);
const rested = await speedAfterRest(workloadOf("W1"));
const restTable = `| workload | processes | rest, s | slowest: speed after the rest against before | goal |
|---|---:|---:|---:|---|
| W1 | ${resting} | ${restS} | ${rested.toFixed(2)} | ${rested >= LEAST ? "met" : "missed"}: >= ${LEAST} |`;

/** Of the process that lost most. */
async function speedAfterRest(workload: Workload): Promise<number> {
  const job = { text: scenarioText(workload, secondsOf(workload, flags.smoke)), engine: workload.engine };
  const warm = async (subject: Subject): Promise<number> => {
    const times: number[] = [];
    for (let run = 0; run < 5; run++) {
      const before = yardstickS();
      const { wallS } = await subject.measure(job);
      times.push((2 * wallS) / (before + yardstickS()));
    }
    return median(times);
  };
  const subjects = await Promise.all(Array.from({ length: resting }, () => Subject.start(libraryUrl)));
  const before: number[] = [];
  for (const subject of subjects) before.push(await warm(subject));
  await new Promise((resolve) => setTimeout(resolve, 1000 * restS));
  const speeds: number[] = [];
  for (const [k, subject] of subjects.entries()) speeds.push((before[k] as number) / (await warm(subject)));
  for (const subject of subjects) subject.stop();
  return Math.min(...speeds);
}

rmSync(folder, { recursive: true });

const ordinary = workloadOf("N0");
const dayS = flags.smoke ? 60 : 86_400;
process.stderr.write(`${dayS} s of ordinary connections\n`);
const subject = await Subject.start(libraryUrl);
const day = await subject.measure({ text: scenarioText(ordinary, dayS), engine: "auto" });
subject.stop();

const text = `${machine()}; ${new Date().toISOString().slice(0, 10)}.
${limit === null ? "No C compiler here: times are taken as they are." : "Times against limit.c's at the same moment."}

| workload | processes | median ms | slowest: speed against the median | goal |
|---|---:|---:|---:|---|
${rows.join("\n")}

${restTable}

| ordinary connections | simulated s | connections | s | µs each | goal |
|---|---:|---:|---:|---:|---|
| a day at 500/s | ${dayS} | ${day.connections} | ${day.wallS.toFixed(1)} | ${((1e6 * day.wallS) / day.connections).toFixed(2)} | ${day.wallS <= DAY_GOAL_S ? "met" : "missed"}: <= ${DAY_GOAL_S} s |
`;
process.stdout.write(text);
if (flags.write) writeSection(`Steadiness, Node ${process.versions.node.split(".")[0]}`, text);
