/** Which source's event is next: the entries that stand for several sources, and their order at ties (engine/sources.ts). */
import { describe, expect, test } from "vitest";
import { FIXED_SOURCES, firstLater, Source, settleLater, settleTicks } from "../../src/engine/sources.ts";

const NEVER = Number.POSITIVE_INFINITY;
const [ANSWERS, WORKLOAD, SAMPLER] = [FIXED_SOURCES, FIXED_SOURCES + 1, FIXED_SOURCES + 2];

function dueTimes(times: Readonly<Record<number, number>>): Float64Array {
  const due = new Float64Array(FIXED_SOURCES + 3).fill(NEVER);
  for (const [source, ns] of Object.entries(times)) due[Number(source)] = ns;
  return due;
}

describe("sources that share an entry", () => {
  test("the ticks' entry is the earlier of both hosts' ticks", () => {
    const due = dueTimes({ [Source.ClientTick]: 7, [Source.ServerTick]: 5 });
    settleTicks(due);
    expect(due[Source.Tick]).toBe(5);
  });

  test.each([
    ["CPUs that take time are among them", { [Source.Cpus]: 3, [WORKLOAD]: 4 }, Source.Cpus, 3],
    ["the sampler is the last of them", { [WORKLOAD]: 9, [SAMPLER]: 8 }, SAMPLER, 8],
    ["at a tie the one that stands first goes first", { [ANSWERS]: 4, [WORKLOAD]: 4, [SAMPLER]: 4 }, ANSWERS, 4],
    ["hosts' ticks are not", { [Source.ClientTick]: 1, [Source.ServerTick]: 2, [WORKLOAD]: 6 }, WORKLOAD, 6],
  ])("later sources: %s", (_reason, times, source, ns) => {
    const due = dueTimes(times as Readonly<Record<number, number>>);
    settleLater(due);
    expect([due[Source.Later], firstLater(due)]).toEqual([ns, source]);
  });

  test("when nothing is due the entry says never", () => {
    const due = dueTimes({});
    settleLater(due);
    expect(due[Source.Later]).toBe(NEVER);
  });
});
