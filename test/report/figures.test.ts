/**
 * Goal    Charts show what the summary's lines are, all tunings on the same axes and in their colours.
 * Method  The figures as data, before anything is drawn.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gateStyle, stateStyle, tuningStyle } from "../../src/report/colours.ts";
import { type Figure, type Line, ratePerS } from "../../src/report/figure.ts";
import { figuresOf } from "../../src/report/figures.ts";
import type { ExperimentSummary, Lines } from "../../src/results/summary-format.ts";
import { GATE_NAMES } from "../../src/vocabulary/gates.ts";
import { handMade } from "./hand-made.ts";

const figures = figuresOf(handMade);
const figureOf = (id: string, from = figures): Figure => from.find((figure) => figure.id === id) as Figure;
const labelsOf = (lines: readonly Line[] | undefined): string[] => (lines ?? []).map(({ label }) => label);
const withLines = (change: (lines: Lines, index: number) => Partial<Lines>): ExperimentSummary => ({
  ...handMade,
  tunings: handMade.tunings.map((tuning, index) => ({
    ...tuning,
    lines: { ...tuning.lines, ...change(tuning.lines, index) },
  })),
});

describe("queues", () => {
  const [panel] = figureOf("syn-queue-80").panels;

  test("a line for each tuning, as sampled, gaps while nobody listens", () => {
    const lines = panel?.lines.filter(({ isLimit }) => !isLimit) ?? [];
    expect(labelsOf(lines)).toEqual(["defaults", "bigger-backlog", "cookies"]);
    expect(lines[1]?.y).toBe(handMade.tunings[1]?.lines.queues[0]?.syn);
    expect(lines[1]?.y.slice(0, 3)).toEqual([null, null, 0]);
  });

  test("a limit that tunings share is drawn once and belongs to none, another has its tuning's colour and toggle", () => {
    const limits = panel?.lines.filter(({ isLimit }) => isLimit) ?? [];
    expect(limits.map(({ y, colour, toggles }) => [y, colour, toggles])).toEqual([
      [[512, 512], "--limit", []],
      [[4097, 4097], tuningStyle(1).colour, ["tuning-1"]],
    ]);
  });

  test("the legend has the limits in figures", () => {
    const labels = figureOf("accept-queue-80").legend.map(({ label }) => label);
    expect(labels).toEqual(["defaults (limit 512)", "bigger-backlog (limit 4097)", "cookies (limit 512)"]);
  });

  test("listeners that share a port have a line each, in the tuning's colour", () => {
    const shared = figuresOf(withLines(({ queues }, index) => (index === 0 ? { queues: [...queues, ...queues] } : {})));
    const lines = figureOf("accept-queue-80", shared).panels[0]?.lines.filter(({ toggles }) =>
      toggles.includes("tuning-0"),
    );
    expect(labelsOf(lines)).toEqual(["defaults, listener 1", "defaults, listener 2"]);
    expect(new Set(lines?.map(({ colour }) => colour))).toEqual(new Set([tuningStyle(0).colour]));
  });
});

describe("clients per second", () => {
  test("are rates whatever the bins, up to the end of the run", () => {
    const wide = withLines(({ per_second }) => ({
      second_s: 4,
      per_second: per_second.map((line) => ({
        ...line,
        attempts: [200, 200],
        established: [100, 0, 0, 0, 0, 0, 0, 6],
      })),
    }));
    const [attempted, established] = figureOf("clients-1", figuresOf(wide)).panels[0]?.lines ?? [];
    expect(attempted).toMatchObject({ x: [0, 4, 8, 12, 16, 20, 24, 28, 30], y: [50, 50, 0, 0, 0, 0, 0, 0, 0] });
    // The last bin has 2 s only.
    expect(established?.y).toEqual([25, 0, 0, 0, 0, 0, 0, 3, 3]);
  });

  test("what all tunings attempt is one line; where users try again each tuning has its own", () => {
    expect(labelsOf(figureOf("clients-1").panels[0]?.lines)).toEqual([
      "attempted",
      "defaults",
      "bigger-backlog",
      "cookies",
    ]);
    const retries = withLines(({ per_second }, index) => ({
      per_second: per_second.map((line) => ({ ...line, attempts: line.attempts.map((count) => count + index) })),
    }));
    expect(labelsOf(figureOf("clients-1", figuresOf(retries)).panels[0]?.lines)).toEqual([
      ...["defaults, attempted", "defaults", "bigger-backlog, attempted", "bigger-backlog"],
      ...["cookies, attempted", "cookies"],
    ]);
  });
});

test("the comb has a bar for each tuning at each step, logarithmic where some are tiny", () => {
  const comb = figureOf("comb-1");
  expect(comb.steps).toEqual(["0 s", "1 s", "3 s", "7 s"]);
  expect(comb.panels[0]?.lines.map(({ y }) => y)).toEqual([
    [960, 240, 60, 15],
    [1065, 266, 67, 17],
    [1500, 0, 0, 0],
  ]);
  expect(comb.logarithmic).toBe(true);
});

describe("gates and states", () => {
  test("a panel for each tuning; one without losses is empty, not absent", () => {
    const { panels } = figureOf("client-drops");
    expect(panels.map(({ tuning, lines }) => [tuning?.name, labelsOf(lines)])).toEqual([
      ["defaults", ["SYN queue full", "last-quarter rule"]],
      ["bigger-backlog", ["SYN queue full", "last-quarter rule"]],
      ["cookies", []],
    ]);
  });

  test("no figure where no tuning has anything", () => {
    const calm = figuresOf(withLines(() => ({ client_drops: {}, client_failed: {}, flood_drops: {} })));
    expect(calm.map(({ id }) => id)).not.toContain("client-drops");
    expect(calm.length).toBe(figures.length - 3);
  });

  test("sockets are counts, not rates, and LISTEN is left out", () => {
    const [panel] = figureOf("server-states").panels;
    expect(labelsOf(panel?.lines)).toEqual(["SYN-RECV", "ESTAB", "TIME-WAIT"]);
    expect(panel?.lines[1]?.y).toBe(handMade.tunings[0]?.lines.server_states.ESTAB);
  });
});

describe("ratePerS", () => {
  const counts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 900 });

  test("adds up to what was counted, whatever the bins", () => {
    fc.assert(
      fc.property(counts, fc.constantFrom(0.01, 0.1, 0.25, 1, 7), (steps, interval) => {
        const atS = steps.map((_, k) => (k + 0.5) * interval);
        let count = 0;
        const cumulative = steps.map((step) => (count += step));
        const { x, y } = ratePerS(atS, cumulative, steps.length * interval);
        const sum = x.slice(1).reduce((total, to, bin) => total + (y[bin] ?? 0) * (to - (x[bin] ?? 0)), 0);
        expect(sum).toBeCloseTo(count, 3);
        expect(x.every((at, bin) => bin === 0 || at > (x[bin - 1] ?? 0))).toBe(true);
        expect(x.length).toBe(y.length);
        expect(x.length).toBeLessThanOrEqual(242);
      }),
    );
  });

  test("a short rest at the end joins the bin before", () => {
    const at = (times: readonly number[]) =>
      ratePerS(
        times,
        times.map((time) => 10 * time),
        60,
      ).x;
    expect(at([1, 2, 3, 3.3])).toEqual([0, 1, 2, 3.3]);
    expect(at([1, 2, 3, 3.6])).toEqual([0, 1, 2, 3, 3.6]);
  });
});

describe("colours", () => {
  const keyOf = ({ colour, dash }: { colour: string; dash: string }): string => `${colour} ${dash}`;

  test("each gate has its own look", () => {
    expect(new Set(GATE_NAMES.map((gate) => keyOf(gateStyle(gate)))).size).toBe(GATE_NAMES.length);
  });

  test("each state of ss that is drawn has its own look", () => {
    const states = [
      "ESTAB",
      "SYN-SENT",
      "SYN-RECV",
      "FIN-WAIT-1",
      "FIN-WAIT-2",
      "TIME-WAIT",
      "UNCONN",
      "CLOSE-WAIT",
      "LAST-ACK",
      "CLOSING",
    ];
    expect(new Set(states.map((state) => keyOf(stateStyle(state)))).size).toBe(states.length);
  });

  test("28 tunings can be told apart", () => {
    expect(new Set(Array.from({ length: 28 }, (_, index) => keyOf(tuningStyle(index)))).size).toBe(28);
  });
});
