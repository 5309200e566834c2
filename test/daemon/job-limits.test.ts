/**
 * Goal    What a job will take is known before it begins, of each kind, and both sides of each limit are what they say.
 * Method  Limits that are what the job takes, exactly, and one less.
 */
import { describe, expect, test } from "vitest";
import { USUAL_VALUES } from "../../src/advise/find-values.ts";
import { type Asked, readAsked } from "../../src/daemon/asked.ts";
import { limitIssues } from "../../src/daemon/job-limits.ts";
import { type JobKind, type JobWords, NO_WORDS } from "../../src/daemon/job-record.ts";

/** Per run: 2 s, 20 clients and a flood of 200 packets. */
const TEXT = `
name: limits
seeds: 3
scenario:
  duration_s: 2
  server: { listeners: [{ port: 80, backlog: 16 }] }
  workloads:
    - { name: legit, kind: connections, arrival: even, rate_per_s: 10, duration_s: 2 }
    - { name: flood, kind: raw, packet: syn, arrival: even, rate_per_s: 100, duration_s: 2 }
tunings: { one: {}, two: { server.listeners.80.backlog: 64 } }
`;

function asked(kind: JobKind, words: Partial<JobWords> = {}): Asked {
  const read = readAsked(TEXT, { kind, engine: "auto", label: null, asked: { ...NO_WORDS, ...words } });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value.asked;
}

const NONE = { max_simulated_s: 1e12, max_arrivals: 1e15, max_rate_per_s: 1e12 };
const BACKLOG = "server.listeners.80.backlog";
const FLOOD = "workloads.flood.rate_per_s";
const sweep = (...param: string[]): Asked => asked("sweep", { param });
const plan = (find: string, tuning: string | null = null): Asked => asked("plan", { find, tuning });

const jobs: readonly (readonly [name: string, of: Asked, runs: number, arrivals: number, rate: number])[] = [
  ["a run", asked("experiment"), 2 * 3, 2 * 3 * 220, 100],
  ["a sweep, in each tuning", sweep(`${BACKLOG}=1,2,3,4`), 2 * 4 * 3, 2 * 4 * 3 * 220, 100],
  ["a sweep of the rate", sweep(`${FLOOD}=100,300`), 2 * 2 * 3, 2 * 3 * (220 + 620), 300],
  // 401 points of which each tenth or so is looked at: evenly, so that the mean is that of all.
  ["a sweep of more points than are looked at", sweep(`${FLOOD}=100..500:401`), 2 * 401 * 3, 2 * 401 * 3 * 620, 500],
  ["a plan", plan(`min:${BACKLOG}=1..900`), USUAL_VALUES * 2 * 3, USUAL_VALUES * 2 * 3 * 220, 100],
  ["a plan over a few values", plan(`min:${BACKLOG}=1..9`), 9 * 2 * 3, 9 * 2 * 3 * 220, 100],
  ["a plan for the rate", plan(`max:${FLOOD}=100..300`, "two"), USUAL_VALUES * 3, USUAL_VALUES * 3 * 420, 300],
];

describe.each(jobs)("%s", (_name, of, runs, arrivals, rate) => {
  test("takes the time of its runs", () => {
    expect(limitIssues(of, { ...NONE, max_simulated_s: runs * 2 + 1e-6 })).toEqual([]);
    const [issue] = limitIssues(of, { ...NONE, max_simulated_s: runs * 2 - 1 });
    expect(issue).toMatchObject({ code: "too-many", path: "", message: expect.stringContaining("of simulated time") });
  });

  test("takes the arrivals of its workloads", () => {
    // Of some points for all: to a hundredth.
    const slack = of.kind === "sweep" && runs > 1000 ? arrivals / 100 : 1e-3;
    expect(limitIssues(of, { ...NONE, max_arrivals: arrivals + slack })).toEqual([]);
    const [issue] = limitIssues(of, { ...NONE, max_arrivals: arrivals - 1 - slack });
    expect(issue?.message).toContain(" arrivals over all ");
  });

  test("has the rate of its fastest workload", () => {
    expect(limitIssues(of, { ...NONE, max_rate_per_s: rate })).toEqual([]);
    expect(limitIssues(of, { ...NONE, max_rate_per_s: rate - 1 })).toMatchObject([{ path: "workloads.flood" }]);
  });
});

test("a sweep keeps its numbers in memory: ten million are the most", () => {
  const keys = ["users", "served", "gave_up", "in_flight", "attempted", "established", "responses", "served_ratio"];
  const metrics = [...keys.map((key) => `legit.${key}`), "syns_in", "synacks_out", "half_open_peak_bytes"];
  const of = (count: number): Asked =>
    asked("sweep", {
      ...{ param: [`${FLOOD}=1..1000:1000`, `${BACKLOG}=1..100:100`], seeds: 10, tuning: "one" },
      metric: metrics.slice(0, count),
    });
  expect(limitIssues(of(10), NONE)).toEqual([]);
  expect(limitIssues(of(11), NONE)).toMatchObject([
    { code: "too-many", message: expect.stringMatching(/^found 11 000 000 numbers, .* at most 10 000 000 a job$/) },
  ]);
});

test("a combination of values that cannot be is an issue, though it was not among those that axes are checked with", () => {
  const of = sweep("workloads.flood.arrival=even,bursts,poisson", `${FLOOD}=1..1000:1000`);
  expect(limitIssues(of, NONE)).toMatchObject([
    { code: "conflict", message: expect.stringMatching(/^point \d+: one, workloads\.flood\.arrival = "bursts"/) },
  ]);
});
