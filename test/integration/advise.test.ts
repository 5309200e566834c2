/**
 * Goal    Advice is what a run showed: the smallest change that helps, and it does help when it is run by itself.
 * Method  Small experiments, simulated.
 */
import { afterAll, describe, expect, test } from "vitest";
import { type Advice, advise } from "../../src/advise/advise.ts";
import { closePool } from "../../src/pool/pool.ts";
import { servedShareOf } from "../../src/results/blame.ts";
import { simulateExperiment } from "../../src/simulate.ts";
import type { Experiment } from "../../src/vocabulary/experiment.ts";
import { experimentOf } from "../results/experiment-of.ts";

afterAll(closePool);

const scenario = ({ backlog = 8, accept = "{ mode: immediate }", sysctls = "", flood = 0, hosts = 1 } = {}): string => `
duration_s: 4
server:
  hosts: ${hosts}
  sysctls: { ${sysctls} }
  listeners: [{ port: 80, backlog: ${backlog}, accept: ${accept}, app: { request_bytes: 100, response_bytes: 100, close: after_response } }]
client: { one_way_delay_s: 0.01 }
workloads:
  - { name: legit, kind: connections, arrival: poisson, rate_per_s: 40, duration_s: 2, source_addresses: 50, connect_timeout_s: 1.5, request_bytes: 100, response_bytes: 100 }
${flood === 0 ? "" : `  - { name: flood, kind: raw, packet: syn, arrival: poisson, rate_per_s: ${flood}, duration_s: 2, source_addresses: 1000 }`}
`;

async function adviceOn(experiment: Experiment): Promise<Advice[]> {
  return advise(experiment, await simulateExperiment(experiment));
}

const changesOf = (advice: Advice | undefined): string[] =>
  (advice?.best?.changes ?? []).map(({ path, value }) => `${path} = ${value}`);

describe("a flood without cookies", () => {
  const experiment = experimentOf({ off: scenario({ sysctls: "net.ipv4.tcp_syncookies: 0", flood: 300 }) });
  const advised = adviceOn(experiment);
  test("is helped by cookies, named first, before and after", async () => {
    const [advice] = await advised;
    expect(changesOf(advice)).toEqual(["server.sysctls.net.ipv4.tcp_syncookies = 1"]);
    expect(advice?.sentences[0]).toMatch(
      /^The smallest change tried that serves nearly all: server\.sysctls\.net\.ipv4\.tcp_syncookies = 1: \d+\.\d % → 100 % of clients served, connect p99 .* → 20 ms\.$/,
    );
  });
  test("each trial is true when it is run by itself", async () => {
    const [advice] = await advised;
    const trials = advice?.trials ?? [];
    expect(trials.length).toBeGreaterThan(2);
    expect(servedShareOf(trials[0]!.before)).toBeLessThan(0.9);
    const cookies = { off: scenario({ sysctls: "net.ipv4.tcp_syncookies: 1", flood: 300 }) };
    const [alone] = (await simulateExperiment(experimentOf(cookies))).tunings;
    expect(alone?.clients).toEqual(trials[0]!.after.clients);
  });
});

test("an application that is too slow is said to be, and a bigger backlog is not called help", async () => {
  const slow = scenario({ accept: "{ mode: rate, rate_per_s: 16 }" });
  const [advice] = await adviceOn(experimentOf({ slow }));
  expect(advice?.sentences[0]).toBe(
    "The application on port 80 takes at most 16/s of 40/s offered: no backlog makes up for that in the long run.",
  );
  expect(changesOf(advice)).toEqual(["server.listeners.80.accept.rate_per_s = 64"]);
});

test("behind a load balancer the application's capacity is that of all hosts", async () => {
  const two = scenario({ accept: "{ mode: rate, rate_per_s: 6 }", hosts: 2 });
  const [advice] = await adviceOn(experimentOf({ two }));
  expect(advice?.sentences[0]).toContain("takes at most 12/s of 40/s offered");
});

test("where nothing helps, that is said", async () => {
  const [advice] = await adviceOn(experimentOf({ never: scenario({ accept: "{ mode: never }" }) }));
  expect(advice?.best).toBeNull();
  expect(advice?.sentences).toContain("None of what was tried serves more clients for sure.");
  for (const sentence of advice?.sentences.slice(2) ?? []) expect(sentence).toMatch(/^Tried, no help: /);
});

test("where no setting moves the gate, nothing is tried and nothing advised", async () => {
  const lossy = `${scenario()}\npath: { to_server: { loss: 0.5 } }`;
  const [advice] = await adviceOn(experimentOf({ lossy }));
  expect(advice).toMatchObject({ trials: [], best: null });
  expect(advice?.sentences).toEqual([expect.stringMatching(/^Nothing was tried: no setting of these hosts moves/)]);
});

test("a tuning that lets all in gets no advice", async () => {
  expect(await adviceOn(experimentOf({ fine: scenario({ backlog: 100 }) }))).toEqual([]);
});

test("of many tunings in trouble the worst two are advised, the worst first", async () => {
  const rates = [4, 8, 12, 16, 20];
  const slow = rates.map((rate) => [`r${rate}`, scenario({ accept: `{ mode: rate, rate_per_s: ${rate} }` })] as const);
  const advice = await adviceOn(experimentOf(Object.fromEntries(slow)));
  expect(advice.map(({ tuning }) => tuning)).toEqual(["r4", "r8"]);
});
