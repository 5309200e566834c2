/**
 * Goal    What a tuning recovers from is what its queue and its users' patience let it: sums of a minute agree, and who comes in ordinary times decides.
 * Method  Twenty users per second at an application that serves forty, disturbed once; simulated.
 */
import { afterAll, describe, expect, test, vi } from "vitest";
import { canRecover, type Recovery, recover } from "../../src/advise/recover.ts";
import { closePool } from "../../src/pool/pool.ts";
import { experimentOf } from "../results/experiment-of.ts";

afterAll(closePool);
/** Some simulate hundreds of runs. */
vi.setConfig({ testTimeout: 180_000 });

const PATIENCE_S = 2;
const SERVED_PER_S = 40;

interface Given {
  readonly backlog?: number;
  readonly retry?: string;
  readonly patience?: string;
  readonly pauses?: string;
  readonly arrivals?: string;
}

const scenario = ({ backlog = 511, retry = "", patience, pauses = "[]", arrivals }: Given): string => `
duration_s: 10
server:
  listeners:
    - port: 80
      backlog: ${backlog}
      accept: { mode: workers, workers: 1, service_time_s: ${1 / SERVED_PER_S} }
      app: { request_bytes: 100, response_bytes: 100, close: after_response, pause_windows_s: ${pauses} }
client: { one_way_delay_s: 0.001 }
workloads:
  - { name: users, kind: connections, ${arrivals ?? "arrival: even, rate_per_s: 20, duration_s: 10"}, source_addresses: 2000, connect_timeout_s: ${PATIENCE_S}, request_bytes: 100, response_bytes: 100, ${patience ?? `response_timeout_s: ${PATIENCE_S}`}${retry} }
`;
const RETRY = ", retry: { max_retries: 10, backoff_s: 0.2, factor: 1 }";

async function recoveryOf(given: Given, withinS = 10): Promise<Recovery> {
  const experiment = experimentOf({ as_is: scenario(given) }, { seeds: [1, 2] });
  const recovery = await recover(experiment, experiment.tunings[0]!, { withinS });
  if (recovery === null) throw new Error("nobody interrupted it");
  return recovery;
}

describe("users who try again at a long queue", () => {
  const storm = recoveryOf({ retry: RETRY });
  test("are as usual without a disturbance", async () => {
    const { usual } = await storm;
    expect(usual.served_ratio).toBe(1);
    expect(usual.p99_ms).toBeLessThan(1000 / SERVED_PER_S + 10);
  });
  test("stand a burst of what is served while they wait, and not twice that", async () => {
    const { burst } = await storm;
    expect(burst.status).toBe("found");
    expect(burst.value).toBeGreaterThan(0.8 * PATIENCE_S * SERVED_PER_S);
    expect(burst.value).toBeLessThan(2 * PATIENCE_S * SERVED_PER_S);
  });
  test("stand a pause about as long as they wait", async () => {
    const { pause } = await storm;
    expect(pause.value).toBeGreaterThan(0.8 * PATIENCE_S);
    expect(pause.value).toBeLessThan(2 * PATIENCE_S);
    expect(pause.points.at(-1)).toMatchObject({ value: 30, holds: false });
  });
  test("stand more when they do not try again", async () => {
    const without = await recoveryOf({});
    const { burst, pause } = await storm;
    expect(without.burst.value as number).toBeGreaterThan(burst.value as number);
    expect(without.pause.value as number).toBeGreaterThan(pause.value as number);
  });
});

test("patient users stand a longer pause, if there is time enough to work it off", async () => {
  const patience = "response_timeout_s: 60";
  const { pause: soon } = await recoveryOf({ patience }, 5);
  const { pause: later } = await recoveryOf({ patience }, 15);
  // A pause of d leaves 20 d connections, of which 20 per second more are served than come: d seconds.
  expect(soon.value).toBeGreaterThan(4);
  expect(soon.value).toBeLessThan(6);
  expect(later.value).toBeGreaterThan(13);
  expect(later.value).toBeLessThan(17);
});

test("the scenario's own pauses are no disturbance", async () => {
  const [{ pause: without }, { pause }] = await Promise.all([recoveryOf({}), recoveryOf({ pauses: "[[1, 9]]" })]);
  expect(pause.points).toEqual(without.points);
});

test("clients of a small disturbance are those of none: they arrive and are served as before, but for scheduling", async () => {
  const { usual, burst } = await recoveryOf({ arrivals: "arrival: poisson, rate_per_s: 20, duration_s: 10" });
  const [first] = burst.points;
  const p99 = first?.thresholds.find(({ threshold }) => threshold.includes("p99"));
  expect(first?.value).toBe(1);
  // One client more moves the draws of when a process wakes: tens of microseconds each.
  expect(Math.abs((p99?.value as number) - (usual.p99_ms as number))).toBeLessThan(0.5);
});

test("interrupted before anything was found, it has nothing to tell", async () => {
  const experiment = experimentOf({ as_is: scenario({}) }, { seeds: [1] });
  const signal = AbortSignal.abort();
  expect(await recover(experiment, experiment.tunings[0]!, { withinS: 10, signal })).toBeNull();
});

describe("there are ordinary times", () => {
  const rows = [
    ["arrival: even, rate_per_s: 20, duration_s: 10", true, "at a rate"],
    ["arrival: bursts, rate_per_s: 20, burst_size: 5, duration_s: 10", true, "in bursts, again and again"],
    ["count: 40", false, "not with clients who all come at once"],
    ["arrival: ramp, rate_per_s: 1, end_rate_per_s: 20, duration_s: 10", false, "nor on a ramp"],
  ] as const;
  for (const [arrivals, expected, why] of rows) {
    test(why, () => {
      expect(canRecover(experimentOf({ as_is: scenario({ arrivals }) }).tunings[0]!)).toBe(expected);
    });
  }
});
