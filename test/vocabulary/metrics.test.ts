/**
 * Goal    Names of metrics are read as their user meant them, and a typo is met with the name that was meant.
 * Method  One row is one metric of an experiment with a few names, some of them chosen to confuse.
 */
import { describe, expect, test } from "vitest";
import {
  METRIC_SUBJECTS,
  METRIC_WORDS,
  METRICS,
  type MetricNames,
  metricBetter,
  metricFault,
  resolveMetric,
} from "../../src/vocabulary/metrics.ts";

const names: MetricNames = {
  clients: ["legit", "api.v1", "server", "failed"],
  floods: ["flood"],
  ports: [80, 8080],
};

const good = [
  // metric, subject, of, key, better, why
  ["legit.served_ratio", "clients", "legit", "served_ratio", "up", "a ratio of clients"],
  ["legit.connect_latency_ms.p99", "clients", "legit", "connect_latency_ms.p99", "down", "late is worse"],
  ["legit.failed_after_ms.max", "clients", "legit", "failed_after_ms.max", null, "to fail late is neither"],
  ["legit.outcomes.completed", "clients", "legit", "outcomes.completed", "up", "done is better"],
  ["legit.outcomes.timed_out", "clients", "legit", "outcomes.timed_out", "down", "the same row, a failure"],
  ["legit.outcomes.pending", "clients", "legit", "outcomes.pending", null, "not known yet"],
  ["legit.waiting.none", "clients", "legit", "waiting.none", "down", "in flight with nothing lost"],
  ["api.v1.users", "clients", "api.v1", "users", null, "a name with a dot"],
  ["server.users", "clients", "server", "users", null, "a workload that is named as a family"],
  ["server.TcpExtListenDrops", "server", "", "TcpExtListenDrops", null, "the family of that name"],
  ["client.TcpRetransSegs", "client", "", "TcpRetransSegs", null, "the other host"],
  ["failed.app", "tuning", "", "failed.app", "down", "all clients, beside a workload of that name"],
  ["failed.failed.app", "clients", "failed", "failed.app", "down", "the workload of that name"],
  ["gates.accept_queue_at_syn", "tuning", "", "gates.accept_queue_at_syn", "down", "packets lost"],
  ["flood.drops.last_quarter", "flood", "flood", "drops.last_quarter", null, "a flood's losses hurt nobody"],
  ["flood.synacks_seen", "flood", "flood", "synacks_seen", "down", "answers to a flood are waste"],
  ["listeners.8080.syn_queue.full_s", "listener", "8080", "syn_queue.full_s", "down", "a queue by its port"],
  ["half_open_peak_bytes", "tuning", "", "half_open_peak_bytes", "down", "memory"],
] as const;

describe("a metric is taken apart", () => {
  for (const [metric, subject, of, key, better, why] of good) {
    test(`${metric}: ${why}`, () => {
      expect(metricFault(metric, names)).toBeNull();
      expect(resolveMetric(metric, names)).toMatchObject({ subject, of, key, def: { better } });
      expect(metricBetter(metric, names)).toBe(better);
    });
  }
});

const bad = [
  // metric, message, hint
  ["legit.servd_ratio", 'there is no metric "servd_ratio" of "legit"', "did you mean legit.served_ratio?"],
  ["legti.served_ratio", 'there is no metric "legti.served_ratio"', "did you mean legit.served_ratio?"],
  ["legit.connect_latency_ms.p95", undefined, "did you mean legit.connect_latency_ms.p90?"],
  [
    "legit.failed.because_of_the_backlog",
    undefined,
    "<gate> is one of path_to_server, path_to_client, nic_ring, netdev_backlog, syn_queue_full, last_quarter, tw_recycle, accept_queue_at_syn, accept_queue_at_ack, accept_queue_at_cookie, cookie_rejected, half_open_gone, half_open_rejected, rate_limited, defer_accept, closed_port, no_local_port, time_wait, app, client_patience, client_crash, reset_by_server",
  ],
  ["legit.accept_queue_at_syn", undefined, "did you mean legit.drops.accept_queue_at_syn?"],
  ["server.ListenDrops", undefined, "did you mean server.TcpExtListenDrops?"],
  ["gates.accept_queue_at_sin", undefined, "did you mean gates.accept_queue_at_syn?"],
  ["listeners.81.accepted", undefined, "did you mean listeners.80.accepted?"],
  [
    "flood.served_ratio",
    'there is no metric "served_ratio" of "flood"',
    "there are sent, answered, synacks_seen, drops.<gate>",
  ],
  ["", 'there is no metric ""', undefined],
  ["constructor", undefined, undefined],
] as const;

describe("a metric that there is not has the nearest one", () => {
  for (const [metric, message, hint] of bad) {
    test(JSON.stringify(metric), () => {
      const fault = metricFault(metric, names);
      expect(resolveMetric(metric, names)).toBeNull();
      expect(metricBetter(metric, names)).toBeNull();
      expect(fault?.hint).not.toBe("");
      if (message !== undefined) expect(fault?.message).toBe(message);
      if (hint !== undefined) expect(fault?.hint).toBe(hint);
    });
  }
});

test("every row can be written, says what it means and has a unit", () => {
  const prefixes: Record<string, string> = {
    clients: "legit.",
    flood: "flood.",
    listener: "listeners.80.",
    server: "server.",
    client: "client.",
    tuning: "",
  };
  expect(Object.keys(prefixes)).toEqual(Object.keys(METRIC_SUBJECTS));
  for (const { subject, name, unit, meaning } of METRICS) {
    const [placeholder] = /<\w+>/.exec(name) ?? [];
    const words = placeholder === undefined ? [""] : (METRIC_WORDS[placeholder] ?? []);
    expect(words.length, name).toBeGreaterThan(0);
    for (const word of words) {
      const metric = `${prefixes[subject]}${placeholder === undefined ? name : name.replace(placeholder, word)}`;
      expect(metricFault(metric, names), metric).toBeNull();
    }
    expect(meaning).toMatch(/^[A-Za-z].*\.$/);
    expect(unit).not.toBe("");
  }
});
