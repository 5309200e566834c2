/**
 * Question  Is each process as fast as the next, and how long does a day take?
 * Method    V8 decides in each process anew what it compiles, and how well. So: 20 processes one after the other, in each of them the workloads in turn, warm;
 *           what counts is the slowest against the median. Then a day of ordinary connections, once. Under another Node: `PATH=... npm run bench:steady`.
 * Sizes     `--smoke` runs inside the tests; `--runs N` (20); `--write`: into bench/RESULTS.md, beside what another Node's runs wrote.
 */
import { parseArgs } from "node:util";
import { libraryUrl } from "./places.ts";
import { machine } from "./report.ts";
import { writeSection } from "./results-file.ts";
import { median, most } from "./statistics.ts";
import { Subject } from "./subject.ts";
import { scenarioText, secondsOf, WORKLOADS } from "./workloads.ts";

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

const wallS = new Map<string, number[]>(WORKLOADS.map(({ name }) => [name, []]));
for (let run = 1; run <= runs; run++) {
  process.stderr.write(`process ${run} of ${runs}\n`);
  const subject = await Subject.start(libraryUrl);
  for (const workload of WORKLOADS) {
    const job = { text: scenarioText(workload, secondsOf(workload, flags.smoke)), engine: workload.engine };
    await subject.measure(job);
    wallS.get(workload.name)?.push((await subject.measure(job)).wallS);
  }
  subject.stop();
}
const rows = [...wallS].map(([name, times]) => {
  const least = median(times) / most(times);
  const slow = times.filter((s) => median(times) / s < LEAST).length;
  const goal = `${slow === 0 ? "met" : `missed by ${slow}`}: >= ${LEAST}`;
  return `| ${name} | ${times.length} | ${(1000 * median(times)).toFixed(1)} | ${least.toFixed(2)} | ${goal} |`;
});

const ordinary = WORKLOADS.find(({ name }) => name === "N0");
if (ordinary === undefined) throw new Error("N0 is missing");
const dayS = flags.smoke ? 60 : 86_400;
process.stderr.write(`${dayS} s of ordinary connections\n`);
const subject = await Subject.start(libraryUrl);
const day = await subject.measure({ text: scenarioText(ordinary, dayS), engine: "auto" });
subject.stop();

const text = `${machine()}; ${new Date().toISOString().slice(0, 10)}.

| workload | processes | median ms | slowest: speed against the median | goal |
|---|---:|---:|---:|---|
${rows.join("\n")}

| ordinary connections | simulated s | connections | s | µs each | goal |
|---|---:|---:|---:|---:|---|
| a day at 500/s | ${dayS} | ${day.connections} | ${day.wallS.toFixed(1)} | ${((1e6 * day.wallS) / day.connections).toFixed(2)} | ${day.wallS <= DAY_GOAL_S ? "met" : "missed"}: <= ${DAY_GOAL_S} s |
`;
process.stdout.write(text);
if (flags.write) writeSection(`Steadiness, Node ${process.versions.node.split(".")[0]}`, text);
