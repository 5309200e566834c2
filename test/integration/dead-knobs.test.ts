/**
 * Goal    A setting is called dead only where a run without it is the same run, and the reason given is true.
 * Method  Small experiments, simulated: one row is a tuning and what must be said of its settings.
 */
import { afterAll, describe, expect, test } from "vitest";
import { deadKnobs } from "../../src/advise/dead-knobs.ts";
import { parseExperiment } from "../../src/config/experiment.ts";
import { closePool } from "../../src/pool/pool.ts";
import { simulateExperiment } from "../../src/simulate.ts";
import type { Experiment } from "../../src/vocabulary/experiment.ts";

afterAll(closePool);

function experiment(tuning: string, { server = "", baseline = "{}", rate = 200 } = {}): Experiment {
  const parsed = parseExperiment(
    `
seeds: 2
scenario:
  duration_s: 3
  server:
    sysctls: { ${server} }
    listeners: [{ port: 80, backlog: 32, accept: { mode: serial, service_time_s: 0.02 }, app: { request_bytes: 100, response_bytes: 100, close: after_response } }]
  client: { one_way_delay_s: 0.01 }
  workloads:
    - { name: legit, kind: connections, arrival: poisson, rate_per_s: 20, duration_s: 2, source_addresses: 50, connect_timeout_s: 2, request_bytes: 100, response_bytes: 100 }
    - { name: flood, kind: raw, packet: syn, arrival: poisson, rate_per_s: ${rate}, duration_s: 2, source_addresses: 1000 }
tunings: { base: ${baseline}, tuned: ${tuning} }
`,
    () => ({ ok: false, error: "no file is read" }),
  );
  if (!parsed.ok) throw new Error(parsed.error.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return parsed.value.experiment;
}

async function deadIn(given: Experiment): Promise<string[]> {
  const summary = await simulateExperiment(given);
  const dead = await deadKnobs(given, summary);
  return dead.map(({ path, because, standIns }) => {
    const name = path.replace(/^.*(net\.|listeners\.)/, "$1");
    return standIns.length === 0 ? `${name}: ${because}` : `${name} beside ${standIns.length}`;
  });
}

const OFF = "net.ipv4.tcp_syncookies: 0";
const COOKIES = "server.sysctls.net.ipv4.tcp_syncookies";
const SOMAXCONN = "server.sysctls.net.core.somaxconn";
const BACKLOG = "server.listeners.80.backlog";
const SYN_BACKLOG = "server.sysctls.net.ipv4.tcp_max_syn_backlog";

describe("of a tuning's settings it is said", () => {
  const rows = [
    [`{ ${BACKLOG}: 4 }`, {}, [], "a smaller queue shows, if only in the cookies that were sent"],
    [
      `{ ${SYN_BACKLOG}: 9999 }`,
      {},
      [/tcp_max_syn_backlog: the kernel reads it only with tcp_syncookies = 0, and it is 1$/],
      "read without cookies only",
    ],
    [
      `{ ${SYN_BACKLOG}: 9999 }`,
      { server: OFF },
      [
        /^net.ipv4.tcp_max_syn_backlog: the SYN queue held 33 of 33, 33 of 33|held 33 of 33 at most, where the backlog ends it, and the last quarter even of the smaller value begins at \d+$/,
      ],
      "the backlog ends the queue first",
    ],
    [`{ ${SYN_BACKLOG}: 16 }`, { server: OFF }, [], "less than the backlog: it binds"],
    [`{ ${SOMAXCONN}: 9999 }`, {}, [/somaxconn: it only cuts listen\(\)'s backlog, which is 32$/], "nothing to cut"],
    [
      `{ ${BACKLOG}: 9999 }`,
      { server: "net.core.somaxconn: 32" },
      [/backlog: listen\(2\) is cut to net.core.somaxconn, 32$/],
      "cut",
    ],
    [
      `{ ${BACKLOG}: 64 }`,
      { rate: 1 },
      [/backlog: the SYN queue held \d+ and the accept queue \d+ at most, which a backlog of 32 holds too$/],
      "never full",
    ],
    [`{ ${COOKIES}: 0 }`, { rate: 1 }, [/tcp_syncookies: the SYN queue was never full/], "no queue asks for cookies"],
    [`{ ${COOKIES}: 0 }`, {}, [], "a flood asks for them"],
    ["{ server.sysctls.net.ipv4.tcp_abort_on_overflow: 1 }", {}, [/the accept queue never overflowed$/], "no overflow"],
    [
      "{ client.sysctls.net.ipv4.ip_local_port_range: 30000 60000 }",
      {},
      [/no client ran out of local ports$/],
      "other ports, and as many clients",
    ],
    [
      `{ ${BACKLOG}: 200, ${SOMAXCONN}: 200 }`,
      { server: "net.core.somaxconn: 32" },
      [],
      "two settings that only work together are both alive",
    ],
    [
      `{ ${BACKLOG}: 9999, ${COOKIES}: 1 }`,
      { server: OFF, rate: 20 },
      [/tcp_syncookies: the SYN queue was never full/],
      "beside a queue that holds all, cookies have nothing to do",
    ],
    [
      "{ workloads.legit.source_addresses: 50, server.listeners.80.accept: { mode: rate, rate_per_s: 50, service_time_s: null } }",
      {},
      [],
      "another way to accept cannot be taken back key by key",
    ],
    ["{ workloads.flood: null }", {}, [], "traffic is no knob"],
    [
      `{ ${BACKLOG}: 9999, workloads.flood.rate_per_s: 1 }`,
      {},
      [/backlog: the SYN queue held/],
      "it is taken back by itself, not with the traffic",
    ],
  ] as const;
  for (const [tuning, given, expected, why] of rows) {
    test(`${tuning}: ${why}`, async () => {
      const said = await deadIn(experiment(tuning, given));
      expect(said).toHaveLength(expected.length);
      for (const [index, pattern] of expected.entries()) expect(said[index]).toMatch(pattern);
    });
  }
});

test("settings that stand in for each other are not both called dead", async () => {
  // More half-opens than a quarter of 16 leaves room for: a larger limit and cookies are each enough.
  const given = experiment(`{ ${SYN_BACKLOG}: 65536, ${COOKIES}: 1, ${BACKLOG}: 4000 }`, {
    server: `${OFF}, net.ipv4.tcp_max_syn_backlog: 16`,
  });
  const said = await deadIn(given);
  expect(said).toContain("net.ipv4.tcp_max_syn_backlog beside 1");
  expect(said).toContain("net.ipv4.tcp_syncookies beside 1");
});

test("a tuning that is the first one in other words has no settings to speak of", async () => {
  expect(await deadIn(experiment(`{ ${BACKLOG}: 64 }`, { baseline: `{ ${BACKLOG}: 64 }` }))).toEqual([]);
});
