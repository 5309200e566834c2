/**
 * Goal    Dashboards and alerts show something: every query of every panel, variable, annotation and alert answers from a real Prometheus, and is not 0 at one named
 *         moment of the demo; or it stands in QUIET, with its reason. And what the demo shows adds up.
 * Method  One scene (scene.ts), played once; then queries as of its moments. Nothing waits for a clock but the scene.
 */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALERT_RULES, expanded, RECORDING_RULES } from "../../src/dashboards/alerts.ts";
import { dashboards } from "../dashboards/files.ts";
import { describeDrawn } from "./drawn.ts";
import { type Asked, type Chosen, type Filling, fill, queriesOf } from "./fill.ts";
import type { Prometheus, Sample } from "./prometheus.ts";
import { type Moment, playScene, SCRAPE_S, type Scene } from "./scene.ts";

const DEMO: Chosen = {
  experiment: "demo",
  tunings: ["cookies_off", "big_backlog", "default_cookies", "abort_on_overflow"],
};
const CORNERS: Chosen = { experiment: "corners", tunings: ["no_cookies", "cookies", "reuse"] };
const JOB: Chosen = { experiment: "job", tunings: ["no_cookies_16", "cookies_16", "cookies_64", "cookies_256"] };
/** Four scrapes, as Grafana takes it. */
const FILLING: Filling = { rateInterval: `${4 * SCRAPE_S}s`, range: "60s" };

/** Queries that are allowed to be 0, or empty, all the time: nothing that a test should provoke moves them. */
const QUIET: Readonly<Record<string, "zero" | "empty">> = {
  // A daemon that is well.
  "Daemon: Crash breaker: A": "zero",
  "Daemon: Paced runs, behind the clock: A": "zero",
  "Daemon: Paced runs: time skipped, and restarts: A": "zero",
  "Daemon: Paced runs: time skipped, and restarts: B": "zero",
  "Daemon: Paced runs: time skipped, and restarts: C": "zero",
  // Threads that die: test/daemon/jobs.program.test.ts.
  "Daemon: Jobs ended, and retries: B": "zero",
  // One job after the other: none waits.
  "Daemon: Queue of jobs, taken: A": "zero",
  // A series by experiment only once there is too much for a scrape: test/metrics/exposition.test.ts.
  "Daemon: Series of a scrape: C": "empty",
};

let scene: Scene;
let prometheus: Prometheus;
beforeAll(async () => {
  scene = await playScene();
  prometheus = scene.prometheus;
}, 170_000);
afterAll(() => scene.stop());

const at = (moment: Moment): number => scene.timeOf.get(moment) ?? Number.NaN;
const isSomething = ({ value }: Sample): boolean => Number(value[1]) !== 0 && !Number.isNaN(Number(value[1]));

interface Seen {
  readonly moments: readonly Moment[];
  readonly isEmpty: boolean;
}

/** When the query answers something other than 0. */
async function seen(query: string): Promise<Seen> {
  const moments: Moment[] = [];
  let isEmpty = true;
  for (const [moment, timeS] of scene.timeOf) {
    const samples = await prometheus.query(query, timeS);
    if (samples.length > 0) isEmpty = false;
    if (samples.some(isSomething)) moments.push(moment);
  }
  return { moments, isEmpty };
}

/** What dashboards are asked about, where it is not the demo and the corners. Of the hosts also "All", as the variables say it. */
const CHOSEN: Readonly<Record<string, readonly Chosen[]>> = {
  "halfopen-capacity": [JOB],
  "halfopen-virtual-hosts": [CORNERS, { experiment: ".*", tunings: [".*"] }],
};
const chosenFor = (uid: string): readonly Chosen[] => CHOSEN[uid] ?? [DEMO, CORNERS];

describe.each(dashboards().map((one) => [one.title.replace("halfopen / ", ""), one] as const))(
  "%s",
  (title, dashboard) => {
    test("every query answers, and is not 0 at one of the named moments", async () => {
      const byName = new Map<string, Asked[]>();
      for (const chosen of chosenFor(dashboard.uid))
        for (const asked of queriesOf(dashboard, chosen, FILLING)) {
          const name = `${title}: ${asked.panel.title.replace("$tuning: ", "")}: ${asked.target.refId}`;
          byName.set(name, [...(byName.get(name) ?? []), asked]);
        }
      const faults: string[] = [];
      for (const [name, asked] of byName) {
        const answers = await Promise.all([...new Set(asked.map(({ query }) => query))].map(seen));
        const quiet = QUIET[name];
        if (answers.some(({ moments }) => moments.length > 0)) continue;
        const isEmpty = answers.every((answer) => answer.isEmpty);
        if (quiet === undefined || (isEmpty && quiet !== "empty"))
          faults.push(`${name} is ${isEmpty ? "empty" : "0"} at all moments`);
      }
      expect(faults).toEqual([]);
    });

    test("every variable has values, and every annotation marks something", async () => {
      for (const { name, type, query } of dashboard.templating.list) {
        if (type !== "query") continue;
        const [, metric = "", matchers = "", label = ""] =
          /^label_values\(([a-z_]+)(\{.*\})?, ([a-z_]+)\)$/.exec(query) ?? [];
        const [chosen = DEMO] = chosenFor(dashboard.uid);
        const values = await prometheus.labelValues(label, `${metric}${fill(matchers ?? "", chosen, ".+", FILLING)}`);
        expect(values, name).not.toEqual([]);
        if (name === "tuning") expect(values).toEqual([...chosen.tunings].sort());
      }
      for (const { name, expr } of dashboard.annotations.list) {
        const query = fill(expr, DEMO, DEMO.tunings.join("|"), FILLING);
        const lines = await prometheus.range(query, scene.startS, scene.endS, SCRAPE_S);
        expect(lines.flatMap(({ values }) => values).length, name).toBeGreaterThan(5);
      }
    });
  },
);

test("what may be quiet is asked by somebody", () => {
  const names = dashboards().flatMap((one) =>
    queriesOf(one, DEMO, FILLING).map(
      ({ panel, target }) => `${one.title.replace("halfopen / ", "")}: ${panel.title}: ${target.refId}`,
    ),
  );
  for (const name of Object.keys(QUIET)) expect(names).toContain(name);
});

describe("alerts", () => {
  test("promtool has nothing against the shipped files, and every alert fires where it should and nowhere else", () => {
    execFileSync("promtool", ["check", "config", "config/prometheus/prometheus.yml"]);
    execFileSync("promtool", ["check", "rules", "config/prometheus/rules/halfopen-hosts.yml"]);
    execFileSync("promtool", ["test", "rules", "test/prometheus/halfopen-hosts.test.yml"]);
  });

  /** Virtual hosts are servers: none opens connections. promtool's tests have a proxy. */
  const OF_CLIENTS = ["TcpLocalPortsNearlyUsedUp"];

  test.each(ALERT_RULES.map((rule) => [rule.alert, rule] as const))(
    "%s has something to say of the virtual hosts",
    async (name, rule) => {
      const { moments } = await seen(expanded(rule));
      expect(moments.length > 0).toBe(!OF_CLIENTS.includes(name));
    },
  );

  test.each(RECORDING_RULES.map(({ record, expr }) => [record, expr] as const))(
    "%s has values",
    async (_record, expr) => {
      expect((await seen(expr)).moments).not.toEqual([]);
    },
  );
});

describe("what the demo shows adds up", () => {
  const OWN = 'experiment="demo",workload="legit"';

  /** Values of a query at every scrape of the scene. */
  const everywhere = async (query: string): Promise<number[]> =>
    (await prometheus.range(query, scene.startS + 2, scene.endS, SCRAPE_S)).flatMap(({ values }) =>
      values.map(([, value]) => Number(value)),
    );

  const sums: readonly (readonly [why: string, left: string, right: string])[] = [
    [
      "attempts = completed + failed + in flight",
      `sum by (tuning) (halfopen_attempts_total{${OWN}})`,
      `sum by (tuning) (halfopen_attempts_ended_total{${OWN}}) + sum by (tuning) (halfopen_attempts_in_flight{${OWN}})`,
    ],
    [
      "failures over the gates = attempts that ended and were not completed",
      `sum by (tuning) (halfopen_attempts_failed_total{${OWN}})`,
      `sum by (tuning) (halfopen_attempts_ended_total{${OWN},outcome!="completed"})`,
    ],
    [
      "SYNs that the full queue took, the clients' and the flood's = the kernel's counter",
      'sum by (tuning) (halfopen_drops_total{experiment="demo",gate="syn_queue_full"})',
      'sum by (tuning) (halfopen_netstat_TcpExt_TCPReqQFullDrop_total{experiment="demo",host="server"})',
    ],
    [
      "half-opens by age = sockets in SYN-RECV",
      'sum by (tuning) (halfopen_half_open{experiment="demo"})',
      'sum by (tuning) (halfopen_sockets{experiment="demo",host="server",state="syn_recv"})',
    ],
  ];
  test.each(sums)("%s, at every scrape", async (_why, left, right) => {
    const values = await everywhere(left);
    expect(values.length).toBeGreaterThan(100);
    expect(Math.max(...values)).toBeGreaterThan(100);
    const differences = await everywhere(`(${left}) - (${right})`);
    expect(differences.length).toBe(values.length);
    expect(differences.filter((difference) => difference !== 0)).toEqual([]);
  });

  test("drops move within one scrape of flood on", async () => {
    const [offered] = await prometheus.range(
      'halfopen_offered_rate{experiment="demo",tuning="cookies_off",workload="flood"}',
      scene.startS,
      scene.endS,
      SCRAPE_S / 4,
    );
    const [onS = Number.NaN] = offered?.values.find(([, value]) => Number(value) > 0) ?? [];
    const drops = (timeS: number): Promise<number> =>
      prometheus.number(
        'sum(halfopen_drops_total{experiment="demo",tuning="cookies_off",gate="syn_queue_full"})',
        timeS,
      );
    expect(await drops(onS + SCRAPE_S)).toBeGreaterThan(await drops(onS - SCRAPE_S));
  });

  test("rates are of simulated time: the demo's clients arrive at 50 per second, at any pace", async () => {
    const panel = dashboards().find(({ uid }) => uid === "halfopen-tunings");
    const asked = queriesOf(panel!, DEMO, FILLING).find(
      ({ panel: { title }, target }) => title === "Offered and accepted" && target.refId === "B",
    );
    const value = await prometheus.number(asked?.query ?? "", at("calm again"));
    expect(value).toBeGreaterThan(40);
    expect(value).toBeLessThan(60);
  });
});

describe("a reader with the dashboards alone", () => {
  const comparison = dashboards().find(({ uid }) => uid === "halfopen-tunings")!;
  const number = async (panelTitle: string, tuning: string, moment: Moment): Promise<Sample[]> => {
    const asked = queriesOf(comparison, DEMO, FILLING).find(
      ({ panel, tuning: own }) => panel.title === panelTitle && own === tuning,
    );
    return prometheus.query(asked?.query ?? "", at(moment));
  };

  test("sees which tuning is best", async () => {
    const served = await Promise.all(
      DEMO.tunings.map(async (tuning) =>
        Number((await number("$tuning: clients served", tuning, "calm again"))[0]?.value[1]),
      ),
    );
    const best = served.indexOf(Math.max(...served));
    expect(DEMO.tunings[best]).toBe("default_cookies");
    for (const share of served) expect(share).toBeLessThanOrEqual(1);
  });

  /** As docs/dashboards.md tells it; several: one follows the other about then. */
  const binding: readonly (readonly [tuning: string, moment: Moment, gates: readonly string[]])[] = [
    ["cookies_off", "flood", ["syn_queue_full"]],
    ["big_backlog", "flood", ["last_quarter"]],
    ["default_cookies", "flood", []],
    ["abort_on_overflow", "flood", ["syn_queue_full"]],
    ["cookies_off", "slow application", ["accept_queue_at_syn"]],
    ["big_backlog", "slow application", ["app"]],
    ["default_cookies", "slow application", ["accept_queue_at_cookie"]],
    ["abort_on_overflow", "slow application", ["accept_queue_at_ack"]],
    ["cookies_off", "flood and slow application", ["syn_queue_full"]],
    ["big_backlog", "flood and slow application", ["last_quarter"]],
    ["default_cookies", "flood and slow application", ["accept_queue_at_syn", "accept_queue_at_cookie"]],
    ["abort_on_overflow", "flood and slow application", ["syn_queue_full"]],
  ];
  test.each(binding)("sees what binds in %s at %s: %s", async (tuning, moment, gates) => {
    const asked = queriesOf(comparison, DEMO, FILLING).find(
      ({ panel, tuning: own }) => panel.title === "$tuning: binding gate, over time" && own === tuning,
    );
    const samples = await prometheus.query(asked?.query ?? "", at(moment));
    const found = samples.map(({ metric }) => metric.gate);
    if (gates.length === 0) expect(found).toEqual([]);
    else expect(gates).toContain(found[0]);
    expect(found.length).toBeLessThan(2);
  });

  /** 0 calm, 1 load, 2 flood, 3 both; null: a long queue takes the first seconds of a burst. A burst and a slow application are no flood, however many SYNs are sent again. */
  const verdicts: readonly (readonly [moment: Moment, verdicts: readonly (number | null)[]])[] = [
    ["calm", [0, 0, 0, 0]],
    ["burst", [1, null, 1, 1]],
    ["flood", [2, 2, 2, 2]],
    ["slow application", [1, 1, 1, 1]],
    ["flood and slow application", [3, 2, 3, 3]],
  ];
  test.each(verdicts)("is told what it is, flood or load: %s", async (moment, expected) => {
    const page = dashboards().find(({ uid }) => uid === "halfopen-flood-or-load")!;
    const asked = queriesOf(page, DEMO, FILLING).filter(({ panel }) => panel.title === "$tuning: verdict now");
    const found = await Promise.all(asked.map(({ query }) => prometheus.number(query, at(moment))));
    expect(found.map((verdict, index) => (expected[index] === null ? null : verdict))).toEqual(expected);
  });

  test("sees when the flood ran: in the panel of what is offered, and in no calm moment", async () => {
    const asked = queriesOf(comparison, DEMO, FILLING).find(({ panel }) => panel.title === "Offered, by workload");
    for (const [moment, isOn] of [
      ["calm", false],
      ["flood", true],
      ["slow application", false],
      ["flood and slow application", true],
      ["calm again", false],
    ] as const) {
      const samples = await prometheus.query(asked?.query ?? "", at(moment));
      expect(samples.find(({ metric }) => metric.workload === "flood")?.value[1], moment).toBe(isOn ? "3000" : "0");
    }
  });
});

describe("drawn with their real answers at 1280 pixels", () =>
  describeDrawn(() => scene, { DEMO, CORNERS, JOB }, FILLING));
