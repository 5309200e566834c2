/**
 * Goal    Every attempt is accounted for: by one outcome, and if it failed or is in flight, by one gate.
 * Method  The recorded scenarios, read through RunView.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileScenario, OUTCOMES, type OutcomeName, parseScenario, RunView, run } from "../../src/index.ts";
import { recordingNames, recordingsUrl } from "../results/recordings.ts";

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const names = Object.keys(OUTCOMES) as OutcomeName[];

test.each(recordingNames)("%s", (name) => {
  const parsed = parseScenario(readFileSync(new URL(`${name}.scenario.json`, recordingsUrl), "utf8"));
  if (!parsed.ok) throw new Error(`${name} is no scenario`);
  const spec = compileScenario(parsed.value.scenario, { seed: 1 });
  const view = new RunView(spec, run(spec));
  for (const [w, workload] of parsed.value.scenario.workloads.entries()) {
    if (workload.kind !== "connections") continue;
    const ended = (is: (outcome: OutcomeName) => boolean): number =>
      sum(names.filter(is).map((outcome) => view.outcome(w, outcome)));
    const inFamily = (family: string): number => ended((outcome) => OUTCOMES[outcome].family === family);

    expect(ended(() => true)).toBe(view.workloadField(w, "attempted"));
    expect(ended((outcome) => OUTCOMES[outcome].established)).toBe(view.workloadField(w, "established"));
    expect(sum(Object.values(view.gates(w, "failed")))).toBe(inFamily("failed"));
    expect(sum(Object.values(view.gates(w, "inFlight")))).toBe(inFamily("in_flight"));
    expect(view.latency(w, "connectLatency").totalCount).toBe(view.workloadField(w, "established"));
    expect(view.latency(w, "responseLatency").totalCount).toBe(view.workloadField(w, "responses"));
    expect(sum(view.bySynRetransmits(w, "establishedByRetransmits"))).toBe(view.workloadField(w, "established"));
    expect(sum(view.perSecond(w, "attemptsPerS"))).toBe(view.workloadField(w, "attempted"));
    expect(sum(view.perSecond(w, "establishedPerS"))).toBe(view.workloadField(w, "established"));
    const refusals = ended((o) => !OUTCOMES[o].established && OUTCOMES[o].family === "failed" && o !== "no_local_port");
    expect(sum(view.bySynRetransmits(w, "failedByRetransmits"))).toBe(refusals);
    expect(view.latency(w, "failedAfter").totalCount).toBe(refusals);
  }
});
