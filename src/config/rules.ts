/**
 * Rules: what several keys say together.
 *
 * Method  Each listener, workload and impairment is parsed by itself, so that a fault in one does not hide what another says.
 *         A part that does not parse has issues of its own and is left out here.
 */
import { formatCount } from "../base/units.ts";
import { DEFAULT_MTU } from "../vocabulary/mss.ts";
import { MAX_PAYLOAD } from "../vocabulary/run-spec.ts";
import { arrivalsOf } from "../vocabulary/scenario.ts";
import type { Path } from "./document.ts";
import { describe } from "./fields.ts";
import {
  clientSchema,
  type ImpairmentInput,
  impairmentSchema,
  type ListenerInput,
  lateCopiesSchema,
  listenerSchema,
  MAX_IMPAIRMENTS,
  MAX_LISTENERS,
  MAX_WORKLOADS,
  pathSchema,
  serverSchema,
  type WorkloadInput,
  workloadSchema,
} from "./schema.ts";
import { type PathIssue, valueAt } from "./zod-issues.ts";

/** Clients have a record each; raw packets have not. */
export const MAX_CONNECTIONS = 1e8;

export function checkRules(raw: unknown): PathIssue[] {
  return [
    ...listenerRules(raw),
    ...workloadRules(raw),
    ...impairmentRules(raw),
    ...pathRules(raw),
    ...clockRules(raw),
    ...crashRules(raw),
    ...fragmentRules(raw),
  ];
}

/** First source port of the n-th raw workload, so that floods do not share 4-tuples; as in the recorder. */
export const defaultSourcePort = (rawWorkloadsBefore: number): number => 1024 + 4000 * rawWorkloadsBefore;

/** The elements of the list at `path` that parse, each with its path. */
function parts<T>(raw: unknown, path: Path, most: number, parse: (element: unknown) => { success: boolean; data?: T }) {
  const list = valueAt(raw, path);
  if (!Array.isArray(list)) return [];
  return list.slice(0, most).flatMap((element, index) => {
    const parsed = parse(element);
    return parsed.data === undefined ? [] : [{ at: [...path, index], value: parsed.data }];
  });
}

/** Whether two listeners listen at the same time. */
function overlap(a: ListenerInput, b: ListenerInput): boolean {
  const ends = (listener: ListenerInput): number => listener.listen_stop_s ?? Number.POSITIVE_INFINITY;
  return (a.listen_start_s ?? -1) < ends(b) && (b.listen_start_s ?? -1) < ends(a);
}

function listenerRules(raw: unknown): PathIssue[] {
  const issues: PathIssue[] = [];
  const byPort = new Map<number, ListenerInput[]>();
  const parse = (element: unknown) => listenerSchema.safeParse(element);
  for (const { at, value: listener } of parts(raw, ["server", "listeners"], MAX_LISTENERS, parse)) {
    const before = byPort.get(listener.port) ?? [];
    if (before.some((other) => !(other.reuseport && listener.reuseport) && overlap(other, listener))) {
      issues.push({
        code: "duplicate-port",
        path: [...at, "port"],
        message: `found port ${listener.port} a second time, once at a time is allowed`,
        hint: "listeners share a port if all of them have reuseport: true, or if one stops before the next starts",
      });
    }
    byPort.set(listener.port, [...before, listener]);
    const { listen_start_s: start, listen_stop_s: stop } = listener;
    if (stop !== null && stop <= (start ?? 0)) {
      const message = `found ${stop} s, it must be after the start at ${start ?? 0} s`;
      issues.push({ code: "conflict", path: [...at, "listen_stop_s"], message });
    }
    issues.push(...acceptRules(listener, at), ...payloadRules(listener.app, [...at, "app"]));
  }
  return issues;
}

function acceptRules({ accept, app }: ListenerInput, at: Path): PathIssue[] {
  const issues: PathIssue[] = [];
  for (const [key, modes] of Object.entries(ACCEPT_KEYS) as [keyof typeof ACCEPT_KEYS, readonly string[]][]) {
    const path = [...at, "accept", key];
    if (modes.includes(accept.mode) && accept[key] === null && key !== "slow_start") {
      issues.push({ code: "missing-key", path, message: `is missing, mode ${accept.mode} needs it` });
    }
    if (!modes.includes(accept.mode) && accept[key] !== null) {
      const message = `found with mode ${accept.mode}, it is allowed with mode ${modes.join(" or ")}`;
      issues.push({ code: "conflict", path, message });
    }
  }
  issues.push(...windowRules(accept.pause_windows_s, [...at, "accept", "pause_windows_s"]));
  issues.push(...windowRules(app.pause_windows_s, [...at, "app", "pause_windows_s"]));
  const { pause_every: every } = app;
  if (every !== null && every.length_s >= every.period_s) {
    const message = `found ${every.length_s} s, it must be shorter than the period of ${every.period_s} s`;
    issues.push({ code: "conflict", path: [...at, "app", "pause_every", "length_s"], message });
  }
  return issues;
}

/** Keys of `accept` that only some modes have; all but slow_start are needed there. */
const ACCEPT_KEYS = {
  rate_per_s: ["rate"],
  service_time_s: ["serial", "workers"],
  workers: ["workers"],
  slow_start: ["serial", "workers"],
} as const;

function windowRules(windows: readonly (readonly [number, number])[], at: Path): PathIssue[] {
  const issues: PathIssue[] = [];
  let end = 0;
  for (const [index, [from, to]] of windows.entries()) {
    if (from < end || to <= from) {
      const message = `found [${from}, ${to}] s, pauses must be in order, apart, and end after they begin`;
      issues.push({ code: "conflict", path: [...at, index], message });
    }
    end = Math.max(end, to);
  }
  return issues;
}

function payloadRules(bytes: { request_bytes: number; response_bytes: number }, at: Path): PathIssue[] {
  return (["request_bytes", "response_bytes"] as const)
    .filter((key) => bytes[key] > MAX_PAYLOAD)
    .map((key) => ({
      code: "not-modelled",
      path: [...at, key],
      message: `found ${formatCount(bytes[key])} bytes, up to ${formatCount(MAX_PAYLOAD)} (64 MiB) are modelled`,
    }));
}

function workloadRules(raw: unknown): PathIssue[] {
  const issues: PathIssue[] = [];
  const names = new Set<string>();
  const runS = valueAt(raw, ["duration_s"]);
  let rawWorkloads = 0;
  const parse = (element: unknown) => workloadSchema.safeParse(element);
  for (const { at, value: workload } of parts(raw, ["workloads"], MAX_WORKLOADS, parse)) {
    if (names.has(workload.name)) {
      const message = `found the name ${describe(workload.name)} a second time, once is allowed`;
      issues.push({ code: "duplicate-name", path: [...at, "name"], message });
    }
    names.add(workload.name);
    issues.push(...arrivalRules(workload, at, typeof runS === "number" ? runS : 0));
    if (typeof runS === "number" && runS > 0 && workload.start_s >= runS) {
      const message = `found ${workload.start_s} s, but the run ends at ${runS} s: this workload does nothing`;
      issues.push({ code: "without-effect", path: [...at, "start_s"], message });
    }
    if (workload.kind === "connections") {
      issues.push(
        ...payloadRules(workload, at),
        ...balanceRules(raw, workload, at),
        ...crossingRules(raw, workload, at),
      );
      continue;
    }
    if (workload.first_source_port === undefined && defaultSourcePort(rawWorkloads) > 65_535) {
      const message = `is missing, workload number ${rawWorkloads + 1} of kind raw needs it: the default would be above 65535`;
      issues.push({ code: "missing-key", path: [...at, "first_source_port"], message });
    }
    rawWorkloads += 1;
  }
  return issues;
}

/** The load balancer hashes a user's address and number: a user always comes to the same host. */
function balanceRules(
  raw: unknown,
  { source_addresses, clients_per_address }: Extract<WorkloadInput, { kind: "connections" }>,
  at: Path,
): PathIssue[] {
  const hosts = serverSchema.shape.hosts.safeParse(valueAt(raw, ["server", "hosts"]));
  const users = source_addresses * clients_per_address;
  if (!hosts.success || users >= hosts.data) return [];
  const message = `found ${users} client${users === 1 ? "" : "s"} in all: they go to ${users === 1 ? "1" : `at most ${users}`} of ${hosts.data} hosts`;
  const hint = "more source_addresses or clients_per_address spread them";
  return [{ code: "without-effect", path: [...at, "source_addresses"], message, hint }];
}

/** Sockets that crossed SYNs are nobody's to accept, so no worker ever takes one. */
function crossingRules(
  raw: unknown,
  { simultaneous_open, port }: Extract<WorkloadInput, { kind: "connections" }>,
  at: Path,
): PathIssue[] {
  const listeners = valueAt(raw, ["server", "listeners"]);
  if (!simultaneous_open || !Array.isArray(listeners)) return [];
  const meant = listeners.flatMap((element) => {
    const listener = listenerSchema.safeParse(element);
    return listener.success ? [listener.data] : [];
  });
  const of = meant.filter((listener) => listener.port === (port ?? meant[0]?.port));
  if (!of.some(({ accept }) => accept.mode === "workers")) return [];
  const message =
    "found with a listener of accept mode workers, which serve what they accept; these connections are in no queue";
  return [{ code: "conflict", path: [...at, "simultaneous_open"], message }];
}

/** Keys that only one kind of arrival has, and whether it needs them. */
const ARRIVAL_KEYS = { burst_size: "bursts", end_rate_per_s: "ramp", trace: "trace" } as const;

function arrivalRules(workload: WorkloadInput, at: Path, runS: number): PathIssue[] {
  const issues: PathIssue[] = [];
  const add = (code: PathIssue["code"], key: string, message: string): void => {
    issues.push({ code, path: [...at, key], message });
  };
  const { rate_per_s: rate, duration_s: duration, count, arrival } = workload;
  for (const [key, kind] of Object.entries(ARRIVAL_KEYS) as [keyof typeof ARRIVAL_KEYS, string][]) {
    if (arrival === kind && workload[key] === null) add("missing-key", key, `is missing, arrival ${kind} needs it`);
    if (arrival !== kind && workload[key] !== null)
      add("conflict", key, `found with arrival ${arrival}, it is allowed with arrival ${kind}`);
  }
  if (workload.burst_spread_s > 0 && arrival !== "bursts")
    add("conflict", "burst_spread_s", `found with arrival ${arrival}, it is allowed with arrival bursts`);
  if (rate === 0 && arrival !== "ramp")
    add(
      "out-of-range",
      "rate_per_s",
      `found 0, allowed is a number of arrivals per second above 0; a ramp may begin at 0`,
    );
  if (arrival === "trace") return [...issues, ...traceRules(workload, at), ...tooMany(workload, at, runS)];
  if (rate === null && (count === null || arrival === "ramp" || arrival === "bursts"))
    add(
      "missing-key",
      "rate_per_s",
      `is missing, ${arrival === "ramp" || arrival === "bursts" ? `arrival ${arrival} needs it` : "a workload needs rate_per_s or count"}`,
    );
  if (rate !== null && duration === null && (count === null || arrival === "ramp"))
    add(
      "missing-key",
      "duration_s",
      `is missing, ${arrival === "ramp" ? "arrival ramp needs it" : "rate_per_s needs duration_s or count"}`,
    );
  if (rate === null && count !== null && arrival === "poisson")
    add("conflict", "arrival", "found poisson without rate_per_s, allowed is even: all arrive at once");
  if (count !== null && arrival === "ramp")
    add("conflict", "count", "found with arrival ramp, rates and duration_s say how many");
  if (
    arrival === "bursts" &&
    rate !== null &&
    workload.burst_size !== null &&
    workload.burst_spread_s > workload.burst_size / rate
  )
    add(
      "conflict",
      "burst_spread_s",
      `found ${workload.burst_spread_s} s, but a burst begins each ${workload.burst_size / rate} s`,
    );
  if (count !== null && duration !== null && (rate === null || arrival === "even" || arrival === "bursts"))
    add(
      "without-effect",
      "duration_s",
      `found ${duration} s, but the number of arrivals is that of count, ${formatCount(count)}`,
    );
  return [...issues, ...tooMany(workload, at, runS)];
}

function traceRules({ trace, rate_per_s, count }: WorkloadInput, at: Path): PathIssue[] {
  const issues: PathIssue[] = [];
  for (const [key, value] of Object.entries({ rate_per_s, count })) {
    if (value !== null)
      issues.push({
        code: "conflict",
        path: [...at, key],
        message: "found with arrival trace, the trace says how many",
      });
  }
  let last = -1;
  for (const [index, [fromS]] of (trace ?? []).entries()) {
    if (fromS <= last) {
      const message = `found ${fromS} s after ${last} s, the times of a trace must rise`;
      issues.push({ code: "conflict", path: [...at, "trace", index], message });
    }
    last = Math.max(last, fromS);
  }
  return issues;
}

/** More clients than one run can hold. */
export function tooMany(workload: WorkloadInput, at: Path, runS: number): PathIssue[] {
  const arrivals = arrivalsOf(workload, runS);
  if (workload.kind !== "connections" || arrivals <= MAX_CONNECTIONS) return [];
  const key = workload.count !== null ? "count" : workload.trace !== null ? "trace" : "rate_per_s";
  const message = `found ${formatCount(arrivals)} arrivals, at most ${formatCount(MAX_CONNECTIONS)} are allowed in one workload`;
  return [{ code: "too-many", path: [...at, key], message }];
}

function impairmentRules(raw: unknown): PathIssue[] {
  const parse = (element: unknown) => impairmentSchema.safeParse(element);
  return parts<ImpairmentInput>(raw, ["impairments"], MAX_IMPAIRMENTS, parse).flatMap(({ at, value }) => {
    const issues: PathIssue[] = [];
    if (value.drop_probability !== null && value.drop_every_nth !== null) {
      const message = "found together with drop_probability, one of the two is allowed";
      issues.push({ code: "conflict", path: [...at, "drop_every_nth"], message });
    }
    return [...issues, ...spanRules(value, at)];
  });
}

function spanRules(
  { start_s, end_s }: { readonly start_s: number; readonly end_s: number | null },
  at: Path,
): PathIssue[] {
  if (end_s === null || end_s > start_s) return [];
  const message = `found ${end_s} s, it must be after the start at ${start_s} s`;
  return [{ code: "conflict", path: [...at, "end_s"], message }];
}

function pathRules(raw: unknown): PathIssue[] {
  return (["to_server", "to_client"] as const).flatMap((direction) => {
    const at = ["path", direction, "late_copies"];
    const parsed = lateCopiesSchema.safeParse(valueAt(raw, at));
    return parsed.success ? spanRules(parsed.data, at) : [];
  });
}

function crashRules(raw: unknown): PathIssue[] {
  const crashes = clientSchema.shape.crashes_s.safeParse(valueAt(raw, ["client", "crashes_s"]));
  const runS = valueAt(raw, ["duration_s"]);
  if (!crashes.success) return [];
  return crashes.data.flatMap((crashS, index): PathIssue[] => {
    const path = ["client", "crashes_s", index];
    const before = crashes.data[index - 1];
    if (before !== undefined && crashS <= before)
      return [
        { code: "conflict", path, message: `found ${crashS} s after ${before} s, the times of crashes must rise` },
      ];
    if (typeof runS !== "number" || crashS < runS) return [];
    return [{ code: "without-effect", path, message: `found ${crashS} s, but the run ends at ${runS} s` }];
  });
}

/** Namespaces of one kernel have one tick. */
function clockRules(raw: unknown): PathIssue[] {
  const server = serverSchema.shape.hz.safeParse(valueAt(raw, ["server", "hz"]));
  const client = clientSchema.shape.hz.safeParse(valueAt(raw, ["client", "hz"]));
  const clock = clientSchema.shape.clock.safeParse(valueAt(raw, ["client", "clock"]));
  if (!server.success || !client.success || clock.data !== "shared" || server.data === client.data) return [];
  const message = `found ${client.data} ticks per second and ${server.data} at the server, a shared clock needs them equal`;
  const hint = "set client.clock: own for a client that is a machine of its own";
  return [{ code: "conflict", path: ["client", "hz"], message, hint }];
}

const NO_PMTU_DISC = "net.ipv4.ip_no_pmtu_disc";

/** A host that discovers the path's MTU forbids fragments, and is told by ICMP how large packets may be: that is not modelled. */
function fragmentRules(raw: unknown): PathIssue[] {
  const mtuOf = (side: "server" | "client"): number => {
    const schema = side === "server" ? serverSchema : clientSchema;
    return schema.shape.mtu.safeParse(valueAt(raw, [side, "mtu"])).data ?? DEFAULT_MTU;
  };
  const path = pathSchema.shape.mtu.safeParse(valueAt(raw, ["path", "mtu"])).data ?? null;
  const largest = Math.min(mtuOf("server"), mtuOf("client"));
  if (path === null || path >= largest) return [];
  const strict = (["server", "client"] as const).filter(
    (side) => Number(valueAt(raw, [side, "sysctls", NO_PMTU_DISC]) ?? 0) === 0,
  );
  if (strict.length === 0) return [];
  const message = `found ${path} bytes, less than the packets of ${largest} that hosts send, and ${strict.join(" and ")} forbid fragments: path MTU discovery is not modelled yet`;
  const hint = `set ${strict.map((side) => `${side}.sysctls.${NO_PMTU_DISC}: 1`).join(" and ")}, or an mtu of the hosts that fits`;
  return [{ code: "not-modelled", path: ["path", "mtu"], message, hint }];
}
