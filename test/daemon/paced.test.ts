/**
 * Goal    Paced runs: numbers soon after a start, changes at once, counters that never fall but when a thread died, a log that replays.
 * Method  A daemon in this process with its demo; what it exports against the engine with the log that it hands out.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { DEMO_FILE, DEMO_PERIOD_S, DEMO_TIMETABLE } from "../../src/daemon/demo.ts";
import { RecentGates } from "../../src/daemon/recent-gates.ts";
import type { Serving } from "../../src/daemon/serve.ts";
import {
  COUNTER_NAMES,
  compileScenario,
  type Experiment,
  endlessSpec,
  parseExperiment,
  RunView,
  Simulation,
} from "../../src/index.ts";
import { kernelFamily } from "../../src/metrics/table.ts";
import { openStore } from "../../src/store/store.ts";
import type { LoadChange } from "../../src/vocabulary/load-change.ts";
import { seriesValue } from "../metrics/exposition-text.ts";
import { compileInForeground } from "../pool/foreground.ts";
import { type Answered, ask, daemonWith, newFolder, post, SMALL, stop } from "./running.ts";

compileInForeground();

function demo(): Experiment {
  const parsed = parseExperiment(readFileSync(DEMO_FILE, "utf8"), () => ({ ok: false, error: "" }));
  if (!parsed.ok) throw new Error(parsed.error[0]?.message);
  return parsed.value.experiment;
}

let serving: Serving;
let startedMs: number;
beforeAll(async () => {
  startedMs = performance.now();
  serving = await daemonWith({ demo: true });
});

const metric = async (series: string): Promise<number> =>
  seriesValue((await ask(serving, "/metrics")).text, series) ?? 0;
const patch = (path: string, body: unknown): Promise<Answered> =>
  ask(serving, path, { method: "PATCH", body: JSON.stringify(body), headers: { "content-type": "application/json" } });

test("a fresh daemon shows numbers within 10 s", async () => {
  const attempts = 'halfopen_attempts_total{workload="legit",experiment="demo",tuning="default_cookies"}';
  await vi.waitUntil(async () => (await metric(attempts)) > 0, { timeout: 30_000, interval: 100 });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

test("what it exports is what seed and log give", async () => {
  expect(
    (
      await patch("/api/v1/paced/demo", {
        workloads: { legit: { rate_per_s: 300 } },
        listeners: { 80: { pause_s: 1 } },
      })
    ).status,
  ).toBe(202);
  const log = async (): Promise<Answered["body"]> => (await ask(serving, "/api/v1/paced/demo/log")).body;
  await vi.waitUntil(async () => (await log()).changes.length === 5, { timeout: 10_000 });
  let before: Answered["body"];
  let text: string;
  // A moment may come between the two.
  do {
    before = await log();
    text = (await ask(serving, "/metrics")).text;
  } while ((await log()).now_ns !== before.now_ns);
  expect(before.changes.map(({ value }: LoadChange) => value)).toEqual([0, 50, 400, 300, 1e9]);
  for (const { name, scenario } of demo().tunings) {
    const spec = endlessSpec(compileScenario(scenario, { seed: before.seed }));
    const replay = new Simulation(spec);
    for (const change of before.changes) {
      replay.advanceTo(change.atNs);
      replay.control(change);
    }
    replay.advanceTo(before.now_ns);
    const view = new RunView(spec, replay.snapshot());
    const own = `experiment="demo",tuning="${name}"}`;
    const exported = COUNTER_NAMES.map((counter) =>
      seriesValue(text, `${kernelFamily(counter).name}{host="server",${own}`),
    );
    expect(exported).toEqual(COUNTER_NAMES.map((counter) => view.counter("server", counter)));
    expect(seriesValue(text, `halfopen_users_served_total{workload="legit",${own}`)).toBe(
      view.workloadField(0, "usersServed"),
    );
    expect(seriesValue(text, `halfopen_offered_rate{workload="legit",${own}`)).toBe(300);
    expect(seriesValue(text, `halfopen_load_changes_total{${own}`)).toBe(5);
  }
});

test("counters never fall, until the thread dies: then it begins again at 0, and says so", async () => {
  const simulated = 'halfopen_simulated_seconds_total{experiment="demo",tuning="cookies_off"}';
  const restarts = 'halfopen_paced_restarts_total{experiment="demo"}';
  const before = await metric(simulated);
  await vi.waitUntil(async () => (await metric(simulated)) > before + 2, { timeout: 20_000, interval: 100 });
  const highest = await metric(simulated);
  await serving.daemon.paced.kill();
  expect(await metric(restarts)).toBe(1);
  await vi.waitUntil(async () => (await metric(simulated)) > 0, { timeout: 20_000, interval: 50 });
  expect(await metric(simulated)).toBeLessThan(highest);
  expect((await ask(serving, "/api/v1/paced/demo")).body).toMatchObject({ restarts: 1 });
});

const faults = [
  [{}, "missing-key ", "nothing to change"],
  [[], "wrong-type ", "no map"],
  [{ workloads: { legot: { rate_per_s: 1 } } }, "unknown-name workloads.legot", "no such workload"],
  [{ workloads: { legit: { rate: 1 } } }, "unknown-key workloads.legit.rate", "no such setting"],
  [{ workloads: { legit: { rate_per_s: -1 } } }, "not-allowed workloads.legit.rate_per_s", "fewer than nobody"],
  [{ workloads: { legit: { rate_per_s: "9" } } }, "not-allowed workloads.legit.rate_per_s", "text"],
  [{ workloads: { legit: { rate_per_s: 1e6 + 1 } } }, "not-allowed workloads.legit.rate_per_s", "beyond the limit"],
  [{ listeners: { 81: { pause_s: 1 } } }, "unknown-name listeners.81", "no such listener"],
  [
    { listeners: { 80: { accept_rate_per_s: 0 } } },
    "not-allowed listeners.80.accept_rate_per_s",
    "never would be a pause",
  ],
  [{ listeners: { 80: { pause_s: 86_401 } } }, "not-allowed listeners.80.pause_s", "more than a day"],
  [{ load: { x: {} } }, "unknown-name load.x", "neither workloads nor listeners"],
] as const;
test.each(faults)("PATCH %j is refused: %s, %s", async (body, place, _why) => {
  const { status, body: answer } = await patch("/api/v1/paced/demo", body);
  expect(status).toBe(422);
  expect(`${answer.issues[0].code} ${answer.issues[0].path}`).toBe(place);
});

describe("other experiments", () => {
  test("begin, are followed, and end with their series", async () => {
    const begun = await post(serving, "/api/v1/paced?scale=10&name=mine", SMALL);
    expect([begun.status, begun.body.time_scale]).toEqual([201, 10]);
    const simulated = 'halfopen_simulated_seconds_total{experiment="mine",tuning="on"}';
    // Beyond the scenario's own two seconds: it goes on.
    await vi.waitUntil(async () => (await metric(simulated)) > 4, { timeout: 20_000, interval: 100 });
    const reader = (await fetch(new URL("/api/v1/paced/mine/events", serving.url))).body?.getReader();
    let events = "";
    while (events.split("event: paced").length < 4) events += new TextDecoder().decode((await reader?.read())?.value);
    const times = [...events.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? "").simulated_s);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect((await ask(serving, "/api/v1/paced/mine", { method: "DELETE" })).status).toBe(204);
    expect((await ask(serving, "/metrics")).text).not.toContain('experiment="mine"');
    expect((await ask(serving, "/api/v1/paced/mine")).status).toBe(404);
    await reader?.cancel();
  });

  const refusals = [
    [SMALL, "scale=0", 400, "time that stands still"],
    [SMALL, "scale=1001", 400, "too fast"],
    [SMALL.replace("rate_per_s: 300", "rate_per_s: 3000000"), "scale=1", 422, "more than a thread keeps up with"],
    ["scenario: x", "scale=1", 422, "no experiment"],
  ] as const;
  test.each(refusals)("are refused: %s", async (text, query, status, _why) => {
    expect((await post(serving, `/api/v1/paced?${query}`, text)).status).toBe(status);
  });
});

test("paced runs begin again at 0 with the next daemon, until they are ended", async () => {
  const data = newFolder();
  const names = async (daemon: Serving): Promise<string[]> =>
    (await ask(daemon, "/api/v1/paced")).body.paced.map(
      ({ experiment, time_scale }: { experiment: string; time_scale: number }) => `${experiment} ×${time_scale}`,
    );
  const first = await daemonWith({ data });
  for (const query of ["name=kept&scale=5", "name=ended", "name=kept&scale=7"])
    expect((await post(first, `/api/v1/paced?${query}`, SMALL)).status).toBe(201);
  expect((await ask(first, "/api/v1/paced/ended", { method: "DELETE" })).status).toBe(204);
  await stop(first);
  const second = await daemonWith({ data });
  expect(await names(second)).toEqual(["kept ×7"]);
  const simulatedS = async (): Promise<number> => (await ask(second, "/api/v1/paced/kept")).body.simulated_s;
  await vi.waitUntil(async () => (await simulatedS()) > 0, { timeout: 20_000, interval: 50 });
  await stop(second);
});

test("a paced run that the store has no room for is refused; one that cannot run any more does not keep the daemon from starting", async () => {
  const data = newFolder();
  const store = openStore(join(data, "halfopen.db"));
  store.put({ collection: "paced", id: "old", bytes: Buffer.from(JSON.stringify({ text: "scenario: x", scale: 1 })) });
  store.put({ collection: "paced", id: "torn", bytes: Buffer.from("{") });
  store.close();
  const serving = await daemonWith({ data, max_store_mib: 1 });
  expect((await ask(serving, "/api/v1/paced")).body.paced).toEqual([]);
  const large = `${SMALL}\n#${" ".repeat(200_000)}`;
  const statuses: number[] = [];
  while (statuses.length < 10 && statuses.at(-1) !== 503)
    statuses.push((await post(serving, `/api/v1/paced?name=large${statuses.length}`, large)).status);
  expect(statuses.at(-1)).toBe(503);
  expect((await ask(serving, "/api/v1/paced")).body.paced.length).toBe(statuses.length - 1);
  await stop(serving);
});

/** The bundle is several times as fast as the sources. */
const built = async (): Promise<typeof Simulation> =>
  (
    (await import(/* @vite-ignore */ new URL("../../dist/engine/run.js", import.meta.url).href)) as {
      readonly Simulation: typeof Simulation;
    }
  ).Simulation;

test("each gate of the accept path binds in one of the demo's tunings, within its 15 minutes", async () => {
  await stop(serving);
  const BuiltSimulation = await built();
  const bound = new Set<string>();
  for (const { scenario } of demo().tunings) {
    const spec = endlessSpec(compileScenario(scenario, { seed: 1 }));
    const run = new BuiltSimulation(spec);
    const log = [...DEMO_TIMETABLE];
    const gates = new RecentGates();
    for (let s = 0; s <= DEMO_PERIOD_S; s += 20) {
      while ((log[0]?.atNs ?? Number.POSITIVE_INFINITY) <= s * 1e9) {
        const change = log.shift() as LoadChange;
        run.advanceTo(change.atNs);
        run.control(change);
      }
      run.advanceTo(s * 1e9);
      gates.note(s * 1e9, new RunView(spec, run.snapshot()));
      bound.add(gates.binding);
    }
  }
  const wanted = [
    "syn_queue_full",
    "last_quarter",
    "accept_queue_at_syn",
    "accept_queue_at_ack",
    "accept_queue_at_cookie",
    "app",
  ];
  expect([...bound]).toEqual(expect.arrayContaining(["none", ...wanted]));
});
