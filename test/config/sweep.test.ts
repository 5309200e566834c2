/**
 * Goal    Axes of a file and of the command line give the tunings of each point, as if somebody had written them; what is wrong is said at once, at its axis.
 */
import { describe, expect, test } from "vitest";
import { type ParsedExperiment, parseExperiment } from "../../src/config/experiment.ts";
import { formatIssues } from "../../src/config/issues.ts";
import { noFiles } from "../../src/config/parse.ts";
import type { SweepPlan } from "../../src/config/sweep-plan.ts";

const BASE = `
scenario:
  duration_s: 1
  server: { listeners: [{ port: 80, backlog: 8 }], sysctls: { net.core.somaxconn: 4096 } }
  workloads: [{ name: legit, kind: connections, rate_per_s: 10, duration_s: 1 }]
tunings:
  plain: {}
  big: { server.listeners.80.backlog: 100, server.sysctls.net.ipv4.tcp_syncookies: 0 }
`;

function parse(text: string, params: readonly string[] = [], sample: string | null = null): ParsedExperiment | string {
  const parsed = parseExperiment(text, noFiles, [], [], { params, sample });
  return parsed.ok ? parsed.value : formatIssues("file", parsed.error);
}

function planOf(text: string, params: readonly string[] = [], sample: string | null = null): SweepPlan {
  const parsed = parse(text, params, sample);
  if (typeof parsed === "string" || parsed.sweep === null) throw new Error(String(parsed));
  return parsed.sweep;
}

const valuesOf = (plan: SweepPlan) => Object.fromEntries(plan.design.axes.map(({ path, values }) => [path, values]));

describe("axes", () => {
  test("stand in the file, as lists or as text", () => {
    const plan = planOf(
      `${BASE}sweep: { axes: { server.listeners.80.backlog: [1, 2], workloads.legit.rate_per_s: "1..100:log3" } }`,
    );
    expect(valuesOf(plan)).toEqual({
      "server.listeners.80.backlog": [1, 2],
      "workloads.legit.rate_per_s": [1, 10, 100],
    });
    expect(plan.design.samples).toBeNull();
  });

  test("of the command line come beside those of the file, or in their place", () => {
    const file = `${BASE}sweep: { sample: lhs:7, axes: { server.listeners.80.backlog: [1, 2] } }`;
    const plan = planOf(file, ["server.listeners.80.backlog=5,6", "workloads.legit.rate_per_s=1..10:2"], "grid");
    expect(valuesOf(plan)).toEqual({ "server.listeners.80.backlog": [5, 6], "workloads.legit.rate_per_s": [1, 10] });
    expect(plan.design.samples).toBeNull();
    expect(planOf(file).design.samples).toBe(7);
  });

  test("are not there where nobody asks for any", () => {
    expect(parse(BASE)).toMatchObject({ sweep: null });
    expect(parse(`${BASE}sweep: { axes: {} }`)).toMatchObject({ sweep: null });
  });

  test("are whole numbers where the key takes nothing else", () => {
    const plan = planOf(BASE, ["server.listeners.80.backlog=1..10:4", "workloads.legit.rate_per_s=1..2:3"]);
    expect(valuesOf(plan)).toEqual({
      "server.listeners.80.backlog": [1, 4, 7, 10],
      "workloads.legit.rate_per_s": [1, 1.5, 2],
    });
    const drawn = planOf(BASE, ["server.listeners.80.backlog=1..10", "workloads.legit.rate_per_s=1..2"], "lhs:5");
    expect(drawn.design.axes.map(({ range }) => range?.isWhole)).toEqual([true, false]);
  });

  test("of kernels are names: 6.10 is not 6.1", () => {
    expect(planOf(BASE, ["kernel=6.1,6.18"]).design.axes[0]?.values).toEqual(["6.1", "6.18"]);
    const inFile = planOf(`${BASE}sweep: { axes: { server.kernel: [6.10, 6.1] } }`);
    expect(inFile.design.axes[0]?.values).toEqual(["6.10", "6.1"]);
  });
});

describe("a point", () => {
  const plan = planOf(BASE, ["server.listeners.80.backlog=5,6", "workloads.legit.rate_per_s=20"]);

  test("is its tuning with the axes' values laid over it, and says what it changes", () => {
    expect(plan.tuningAt(1, [6, 20])).toMatchObject({
      ok: true,
      value: {
        name: "big",
        changes: [
          { path: "server.sysctls.net.ipv4.tcp_syncookies", value: 0 },
          { path: "server.listeners.80.backlog", value: 6 },
          { path: "workloads.legit.rate_per_s", value: 20 },
        ],
        scenario: { server: { listeners: [{ backlog: 6 }], sysctls: { "net.ipv4.tcp_syncookies": 0 } } },
      },
    });
  });

  test("of some tunings only is numbered among them", () => {
    const parsed = parse(BASE, ["server.listeners.80.backlog=5"]) as ParsedExperiment;
    const only = parsed.sweep?.ofTunings(parsed.experiment.tunings.slice(1));
    expect(only?.tuningAt(0, [5])).toMatchObject({ ok: true, value: { name: "big" } });
  });

  test("that contradicts itself says where and why", () => {
    expect(plan.tuningAt(0, [-1.5, 20])).toMatchObject({
      ok: false,
      error: expect.stringMatching(
        /^plain, server\.listeners\.80\.backlog = -1\.5, .*: server\.listeners\.80\.backlog: found -1\.5/,
      ),
    });
  });
});

describe("what is wrong is said at the axis, all at once", () => {
  test("with the number of the -P and the key path", () => {
    expect(
      parse(BASE, [
        "server.listeners.80.backlog=1.5,8,x",
        "server.listener.80.backlog=4",
        "workloads.legti.rate_per_s=1",
        "workloads.legit.rate_per_s=1..5",
        "duration_s=5",
        "rate",
        "server.listeners.80.backlog=3",
      ]),
    ).toMatch(
      new RegExp(
        [
          /-P:1:29 server\.listeners\.80\.backlog: found 1\.5, allowed is a whole number of connections .*\n/,
          /-P:1:29 server\.listeners\.80\.backlog: found "x", allowed is a whole number of connections .*\n/,
          /-P:2:28 server\.listener\.80\.backlog: with 4: server\.listener: there is no such key here\n {2}hint: did you mean listeners\?\n/,
          /-P:3:28 workloads\.legti\.rate_per_s: found no workload "legti" in the scenario\n {2}hint: .*\n/,
          /-P:4:28 workloads\.legit\.rate_per_s: found 1\.\.5 without a number of values\n {2}hint: .*\n/,
          /-P:5:12 duration_s: found as an axis, but all points have it in common\n/,
          /-P:6:1 found "rate", allowed is KEY\.PATH=VALUES\n/,
          /-P:7:29 server\.listeners\.80\.backlog: found a second time, once is allowed\n/,
        ]
          .map(({ source }) => source)
          .join(""),
      ),
    );
  });

  test("also what is wrong in one tuning only, and what only two values together are", () => {
    const modes = BASE.replace("plain: {}", "plain: { server.listeners.80.accept: { mode: rate, rate_per_s: 5 } }");
    expect(parse(modes, ["server.listeners.80.accept.mode=never,rate"])).toMatch(
      /^-P:1:33 server\.listeners\.80\.accept\.mode: with server\.listeners\.80\.accept\.mode = "never": server\.listeners\.80\.accept\.rate_per_s: /,
    );
    const params = ["server.listeners.80.accept.mode=rate", "server.listeners.80.accept.rate_per_s=5,6"];
    expect(parse(BASE, params)).toMatchObject({ sweep: expect.anything() });
    const immediate = BASE.replace("backlog: 8", "backlog: 8, accept: { mode: immediate }");
    expect(parse(immediate, params)).toMatchObject({ sweep: expect.anything() });
    expect(parse(BASE, [params[0]?.replace("=rate", "=rate,never") ?? "", params[1] ?? ""])).toMatch(
      /^-P:2:39 server\.listeners\.80\.accept\.rate_per_s: with .*mode = "never", .*rate_per_s = 5: .*: found with mode never/,
    );
  });

  test("and more points than anybody waits for", () => {
    const params = ["server.listeners.80.backlog=1..2000:2000", "workloads.legit.rate_per_s=1..1000:1000"];
    expect(parse(BASE, params)).toMatch(/found 4 000 000 points, at most 1 000 000 are allowed\n {2}hint: draw points/);
  });
});
