/**
 * Goal    What no kernel counts, and the worst address pair, from a run's numbers to what people read.
 * Method  Results and summaries written by hand; one row is one thing that is said, or is not.
 */
import { describe, expect, test } from "vitest";
import { summaryTable as pageTable } from "../../src/report/summary-table.ts";
import { verdictOn } from "../../src/results/blame.ts";
import { metricOf } from "../../src/results/metrics.ts";
import type { TuningSummary } from "../../src/results/summary-format.ts";
import { summaryTable } from "../../src/results/summary-table.ts";
import { encodeSummary, parseSummary } from "../../src/results/summary-text.ts";
import { UNSEEN, UNSEEN_NAMES } from "../../src/vocabulary/unseen.ts";
import { Verdict, type VerdictName } from "../../src/vocabulary/verdicts.ts";
import { experimentOf, handMadeSummary } from "./experiment-of.ts";
import { measure, summary, tuning } from "./summaries.ts";

const SCENARIO = `{ duration_s: 10, server: { hosts: 2, listeners: [{ port: 80, backlog: 9 }] },
  client: { sysctls: { net.ipv4.ip_local_port_range: 40000 40099, net.ipv4.ip_local_reserved_ports: "40000-40009" } },
  workloads: [{ name: clients, kind: connections, rate_per_s: 1, count: 5, source_addresses: 9 }] }`;

type Counted = { readonly [K in VerdictName]?: number };

/** Two hosts, one seed: verdicts of the server and of the clients, and each host's worst pair: address, port, peak, refused. */
function made(server: Counted, client: Counted, pairs: readonly (readonly number[])[] = []): TuningSummary {
  const { tunings } = handMadeSummary(experimentOf({ one: SCENARIO }, { seeds: [1] }), (values, layout, { host }) => {
    for (const [name, n] of Object.entries(server)) values[layout.serverVerdicts + Verdict[name as VerdictName]] = n;
    for (const [name, n] of Object.entries(client)) values[layout.clientVerdicts + Verdict[name as VerdictName]] = n;
    values.set(pairs[host] ?? [], layout.worstPair);
  });
  return tunings[0]!;
}

describe("of both hosts together", () => {
  const rows = [
    // server's verdicts, clients', metric, value, why
    [{ stale_data_accepted: 3 }, {}, "server.stale_data_accepted", 6, "segments"],
    [{}, { stale_data_accepted: 1 }, "client.stale_data_accepted", 2, "the clients' own"],
    [{}, { stale_data_accepted: 1 }, "server.stale_data_accepted", 0, "which are not the server's"],
    [{ late_fin: 1, stray_fin: 2 }, {}, "server.late_fins_reset", 6, "with a listener and without"],
    [{ syn_established: 7 }, { synack_accepted: 5 }, "server.unwanted_connections", 4, "those that no client has"],
    [{}, { synack_accepted: 5 }, "server.unwanted_connections", 0, "with three segments there are none"],
    [{ syn_established: 7 }, { synack_accepted: 5 }, "client.unwanted_connections", 0, "they are the server's"],
  ] as const;
  for (const [server, client, metric, value, why] of rows) {
    test(`${metric} is ${value}: ${why}`, () => {
      expect(metricOf(made(server, client), metric)?.value).toBe(value);
    });
  }
});

describe("the worst address pair", () => {
  const address = 0x0a0a0002;
  test("is that of the host where most attempts found no port, with the ports that are left to it", () => {
    const { worst_pair } = made({}, {}, [
      [address, 80, 90, 1],
      [address + 1, 80, 40, 2],
    ]);
    expect(worst_pair).toMatchObject({ address: "10.10.0.3", port: 80, usable_ports: 90 });
    expect([worst_pair?.ports_peak.mean, worst_pair?.without_port.mean]).toEqual([40, 2]);
  });

  test("else that of the host with most ports taken; where nobody connected there is none", () => {
    const pairs = [
      [address, 80, 40, 0],
      [address + 1, 80, 41, 0],
    ];
    expect(made({}, {}, pairs).worst_pair?.address).toBe("10.10.0.3");
    expect(made({}, {}).worst_pair).toBeNull();
  });

  const rows = [
    // ports taken, attempts without one, whether it is shown, why
    [79, 0, false, "enough are left"],
    [80, 0, true, "four fifths of 100"],
    [10, 1, true, "an attempt found none"],
  ] as const;
  for (const [peak, refused, isShown, why] of rows) {
    test(`with ${peak} of 100 ports taken and ${refused} refused is ${isShown ? "shown" : "not shown"}: ${why}`, () => {
      const pair = { address: "10.10.0.2", port: 80, usable_ports: 100, ports_peak: measure(peak) };
      const of = tuning({ worst_pair: { ...pair, without_port: measure(refused) } });
      const said = verdictOn(of).sentences.join(" ");
      expect(said.includes("The worst address pair, 10.10.0.2 to port 80, had")).toBe(isShown);
      const titles = summaryTable(summary({ tunings: [of] })).map(({ title }) => title);
      expect(titles.includes("local ports of the worst address pair")).toBe(isShown);
      const groups = pageTable(summary({ tunings: [of] })).map(({ title }) => title);
      expect(groups.includes("Local ports of the worst address pair")).toBe(isShown);
    });
  }
});

test("each has a row where it happened, in the terminal and on the page, and none where it did not", () => {
  const calm = tuning();
  for (const name of UNSEEN_NAMES) {
    const { title } = UNSEEN[name];
    const of = summary({ tunings: [calm, tuning({ server_unseen: { [name]: measure(7) } })] });
    const rows = summaryTable(of).flatMap((section) => section.rows);
    expect(rows.find(({ label }) => label === title)?.cells).toEqual(["0", "7"]);
    expect(rows.filter(({ label }) => label.endsWith("by clients"))).toEqual([]);
    const cells = pageTable(of)
      .flatMap((group) => group.rows)
      .find(({ label }) => label.toLowerCase() === title.toLowerCase())?.cells;
    expect(cells?.map(({ text }) => text)).toEqual(["0", "7"]);
  }
});

test("what breaks is said in a sentence; a FIN that comes too late breaks nothing", () => {
  const said = (change: Partial<TuningSummary>): string => verdictOn(tuning(change)).sentences.join(" ");
  expect(said({ server_unseen: { stale_data_accepted: measure(3) } })).toContain(
    "No counter shows it: old data taken in as new at the server, 3.",
  );
  expect(said({ client_unseen: { stale_data_accepted: measure(3) } })).toContain("at the clients, 3.");
  expect(said({ server_unseen: { unwanted_connections: measure(3) } })).toContain("connections nobody wanted");
  expect(said({ server_unseen: { late_fins_reset: measure(3) } })).not.toContain("No counter");
});

test("summaries that are written are read again", () => {
  const pair = { address: "10.10.0.2", port: 80, usable_ports: 9, ports_peak: measure(1), without_port: measure(0) };
  const of = summary({ tunings: [tuning({ worst_pair: pair, server_unseen: { late_fins_reset: measure(1) } })] });
  expect(parseSummary(encodeSummary(of))).toEqual({ ok: true, value: of });
  expect(parseSummary(encodeSummary(of).replaceAll("late_fins_reset", "early_fins")).ok).toBe(false);
});
