/**
 * Goal    An observer sees all that happens to attempts, and changes nothing.
 * Method  The same runs with and without one, to the byte; what was told is counted and set against the run's own numbers.
 */
import { describe, expect, test } from "vitest";
import { run } from "../../src/engine/run.ts";
import { RunView } from "../../src/results/run-view.ts";
import { AttemptList } from "../../src/trace/attempts.ts";
import { observe } from "../../src/trace/trace.ts";
import { Watch } from "../../src/trace/watch.ts";
import { OUTCOME_NAMES, OUTCOMES } from "../../src/vocabulary/outcomes.ts";
import type { RunSpec } from "../../src/vocabulary/run-spec.ts";
import { VERDICTS, type VerdictDef } from "../../src/vocabulary/verdicts.ts";
import { bytesOf, type Keys, specOf } from "./helpers.ts";

const goOn = async (): Promise<void> => {};

async function listed(spec: RunSpec): Promise<AttemptList> {
  const list = new AttemptList();
  await observe(spec, list, goOn);
  return list;
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const clients = {
  name: "clients",
  kind: "connections",
  arrival: "poisson",
  rate_per_s: 60,
  duration_s: 4,
  source_addresses: 7,
};
const listener = { port: 80, backlog: 4, accept: { mode: "rate", rate_per_s: 30 } };
const app = { request_bytes: 200, response_bytes: 3000, close: "after_response" };
const asks = { request_bytes: 200, response_bytes: 3000 };

const CASES: readonly (readonly [string, Keys])[] = [
  [
    "an overloaded server behind a lossy path",
    {
      duration_s: 20,
      server: { listeners: [{ ...listener, app }] },
      client: { one_way_delay_s: 0.01 },
      path: { to_server: { loss: 0.05 }, to_client: { loss: 0.05 } },
      workloads: [{ ...clients, ...asks }],
    },
  ],
  [
    "a flood in bulk, cookies, and clients who try again",
    {
      duration_s: 20,
      server: { listeners: [{ ...listener, app }] },
      workloads: [
        { ...clients, ...asks, connect_timeout_s: 2, retry: { max_retries: 3, backoff_s: 0.5 } },
        { name: "flood", kind: "raw", packet: "syn", rate_per_s: 2000, duration_s: 10, source_addresses: 1000 },
      ],
    },
  ],
  [
    "a path that reorders and duplicates",
    {
      duration_s: 20,
      server: { listeners: [{ ...listener, app }] },
      client: { one_way_delay_s: 0.01 },
      path: { to_server: { duplicate: 0.1, reorder: 0.1, loss: 0.02 }, to_client: { duplicate: 0.1, loss: 0.02 } },
      workloads: [{ ...clients, ...asks }],
    },
  ],
];

describe.each(CASES)("observing %s", (_, keys) => {
  const spec = specOf(keys);
  const plain = run(spec);
  const view = new RunView(spec, plain);

  test("leaves every byte of the result as it is", async () => {
    const watch = new Watch({ wants: () => true });
    expect(bytesOf(await observe(spec, watch, goOn)).equals(bytesOf(plain))).toBe(true);
    expect(watch.events.size).toBeGreaterThan(100);
  });

  test("lists every attempt with its outcome, and the gate of those that failed or are in flight", async () => {
    const { attempts } = await listed(spec);
    expect(attempts).toHaveLength(view.workloadField(0, "attempted"));
    expect(attempts.map(({ number }) => number)).toEqual(attempts.map((_, index) => index + 1));
    for (const outcome of OUTCOME_NAMES) {
      const ended = attempts.filter((attempt) => attempt.outcome === outcome);
      expect({ [outcome]: ended.length }).toEqual({ [outcome]: view.outcome(0, outcome) });
    }
    for (const [family, gates] of [
      ["failed", "failed"],
      ["in_flight", "inFlight"],
    ] as const) {
      const charged = attempts.filter(({ outcome }) => OUTCOMES[outcome].family === family);
      expect(countBy(charged.map(({ gate }) => gate))).toEqual(view.gates(0, gates));
    }
  });

  test("knows when each attempt was connected and when it was over", async () => {
    for (const { startNs, connectedNs, servedNs, endNs, outcome } of (await listed(spec)).attempts) {
      const times = [startNs, connectedNs, servedNs, endNs].filter((time) => time !== null);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(connectedNs !== null).toBe(OUTCOMES[outcome].established);
      expect(servedNs !== null).toBe(outcome === "completed");
    }
  });

  test("shows what the path and the gates lose of the clients' packets while these are under way", async () => {
    const watch = new Watch({ wants: () => true });
    await observe(spec, watch, goOn);
    for (const events of watch.events.values()) {
      const sent = new Set(events.flatMap((event) => (event.kind === "sent" ? [event.segment.id] : [])));
      for (const event of events) {
        if (event.kind !== "arrived" || event.segment.isCopy) continue;
        expect(sent.delete(event.segment.id)).toBe(true);
      }
    }
  });
});

test.each(CASES.filter(([what]) => !what.includes("flood")))(
  "each verdict about a client is told, with %s",
  async (_, keys) => {
    const spec = specOf(keys);
    const watch = new Watch({ wants: () => true });
    const view = new RunView(spec, await observe(spec, watch, goOn));
    for (const side of ["server", "client"] as const) {
      const told: Record<string, number> = {};
      for (const event of [...watch.events.values()].flat()) {
        if (event.kind !== "judged" || event.side !== side) continue;
        const { effects } = VERDICTS[event.verdict] as VerdictDef;
        for (const [name, by] of Object.entries(effects)) told[name] = (told[name] ?? 0) + by * event.count;
      }
      // These two are not the verdict's: one is counted on arrival, the other is a gauge.
      const { TcpInSegs, TcpCurrEstab, ...counted } = view.counters(side);
      expect(told).toEqual(counted);
    }
  },
);
