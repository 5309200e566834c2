/**
 * Blame: which limit binds in a tuning, since when, and whether the traffic looks like a flood or like plain overload.
 *
 * Method      Failed attempts come before late ones: the gate that ate the last try of most clients binds; where nobody failed, the one that
 *             cost most waiting. "Since when" is read from the time lines of the first seed, so it is as exact as their interval.
 * Signature   Of a flood: addresses that are sent SYN-ACKs and never send anything but SYNs. So it is seen from the server alone, as an
 *             operator would: segments other than SYNs that came in, for each SYN-ACK sent. Clients send several; a flood sends none.
 *             A small SYN queue answers little of a flood, whose few half-opens then fill it: how long they stay there tells (Little's law).
 *             Those who answer leave after a round trip; an overloaded application fills the accept queue instead.
 */
import { formatCount, formatSeconds } from "../base/units.ts";
import { GATES, type GateName } from "../vocabulary/gates.ts";
import { UNSEEN } from "../vocabulary/unseen.ts";
import { whatCpus } from "./blame-cpus.ts";
import { leftoverSentence } from "./leftovers.ts";
import type { Measure, TuningSummary } from "./summary-format.ts";
import { formatMean, formatMs, formatRatio } from "./summary-table.ts";
import { isNearlyOut } from "./worst-pair.ts";

/** Below so many other segments for each SYN-ACK, most peers never answered. A whole connection sends three at least. */
const FLOOD_REPLIES_PER_SYNACK = 1;
/** Fewer SYN-ACKs than this per run are no flood, whatever their answers. */
const LEAST_SYNACKS = 100;
/** Half-opens that stay longer than this in a SYN queue that turns SYNs away do not answer: the first SYN-ACK is sent again after 1 s. */
const FLOOD_STAY_S = 1;
/** Waits of less than this per client, on average, are not worth a word. */
const LEAST_WAIT_S = 0.001;
/** Below, an application keeps up. */
const LONG_ACCEPT_WAIT_MS = 100;

export interface Binding {
  readonly gate: GateName;
  /** failed: clients gave up there; waited: it only made them late. */
  readonly by: "failed" | "waited";
  /** Share of all failed attempts, or of all waiting. */
  readonly share_ratio: number;
  /** Where the first seed's time lines first and last show packets of clients lost there; null where they show none. */
  readonly from_s: number | null;
  readonly until_s: number | null;
}

export interface TuningVerdict {
  readonly tuning: string;
  readonly traffic: "calm" | "overload" | "flood";
  readonly binding: Binding | null;
  /** For people, in order of weight. */
  readonly sentences: readonly string[];
}

export function verdictOn(tuning: TuningSummary): TuningVerdict {
  const binding = bindingOf(tuning);
  const traffic = trafficOf(tuning, binding);
  const sentences = [
    whoWasServed(tuning),
    whatBinds(tuning, binding),
    ...whatWaits(tuning),
    ...whatCpus(tuning),
    ...whatPorts(tuning),
    ...whatNobodyCounts(tuning),
    ...whatTraffic(tuning, traffic, binding),
    ...whatIsLeft(tuning),
  ];
  return { tuning: tuning.name, traffic, binding, sentences };
}

type GateMeasures = { readonly [K in GateName]?: Measure };

/** Sums over the clients' workloads, by gate; `none` is no gate. */
function byGate(tuning: TuningSummary, family: "failed" | "wait_s" | "drops"): [GateName, number][] {
  const sums = new Map<GateName, number>();
  for (const clients of tuning.clients) {
    for (const [gate, measure] of Object.entries(clients[family] as GateMeasures) as [GateName, Measure][]) {
      if (gate !== "none" && measure.mean > 0) sums.set(gate, (sums.get(gate) ?? 0) + measure.mean);
    }
  }
  return [...sums].sort(([, a], [, b]) => b - a);
}

const total = (entries: readonly (readonly [GateName, number])[]): number =>
  entries.reduce((sum, [, value]) => sum + value, 0);
/** Share of all users that were served, 0..1, the mean of the seeds as served_ratio is; 1 where none came. */
export function servedShareOf({ clients }: TuningSummary): number {
  const ofSeed = (key: "served" | "users", seed: number): number =>
    clients.reduce((sum, one) => sum + (one[key].per_seed[seed] ?? 0), 0);
  const shares = (clients[0]?.users.per_seed ?? []).flatMap((_, seed) => {
    const users = ofSeed("users", seed);
    return users === 0 ? [] : [ofSeed("served", seed) / users];
  });
  return shares.length === 0 ? 1 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

const usersOf = (tuning: TuningSummary): number => tuning.clients.reduce((sum, { users }) => sum + users.mean, 0);

export function bindingOf(tuning: TuningSummary): Binding | null {
  const failed = byGate(tuning, "failed");
  const waited = byGate(tuning, "wait_s");
  const by = failed.length > 0 ? "failed" : "waited";
  const ranked = by === "failed" ? failed : waited;
  const first = ranked[0];
  if (first === undefined || (by === "waited" && total(waited) < LEAST_WAIT_S * usersOf(tuning))) return null;
  const [gate, most] = first;
  return { gate, by, share_ratio: most / total(ranked), ...when(tuning, gate) };
}

/** First and last sample of the first seed that saw packets of clients lost at the gate. */
function when({ lines }: TuningSummary, gate: GateName): Pick<Binding, "from_s" | "until_s"> {
  const line = lines.client_drops[gate] ?? [];
  const first = line.findIndex((count) => count > 0);
  const last = line.findLastIndex((count, index) => count > (line[index - 1] ?? 0));
  return { from_s: lines.at_s[first] ?? null, until_s: lines.at_s[last] ?? null };
}

function trafficOf(tuning: TuningSummary, binding: Binding | null): TuningVerdict["traffic"] {
  const isUnanswered = tuning.synacks_out.mean >= LEAST_SYNACKS && repliesPerSynAck(tuning) < FLOOD_REPLIES_PER_SYNACK;
  if (isUnanswered || synQueueStayS(tuning, binding) > FLOOD_STAY_S) return "flood";
  return binding === null || isOfClients(binding.gate) ? "calm" : "overload";
}

/** Gates before the server, in the clients themselves, or that look at clocks alone: they say nothing of its load. */
const isOfClients = (gate: GateName): boolean =>
  gate.startsWith("path_") ||
  gate === "no_local_port" ||
  gate === "time_wait" ||
  gate === "tw_recycle" ||
  gate === "client_patience";

/** While the SYN queue turned clients away: its mean length for each connection per second that left it established, in seconds; 0 where it did not. */
function synQueueStayS({ lines, hosts }: TuningSummary, binding: Binding | null): number {
  const { gate, from_s, until_s } = binding ?? {};
  if ((gate !== "syn_queue_full" && gate !== "last_quarter") || from_s == null || until_s == null) return 0;
  const samples = lines.at_s.flatMap((at, index) => (at >= from_s && at <= until_s ? [index] : []));
  const [first = 0] = samples;
  const last = samples.at(-1) ?? first;
  const lengths = samples.map((index) => lines.queues.reduce((sum, { syn }) => sum + (syn[index] ?? 0), 0));
  const opens = lines.server_counters.TcpPassiveOpens;
  const perS = ((opens?.[last] ?? 0) - (opens?.[first] ?? 0)) / hosts / (until_s - from_s);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / samples.length;
  return until_s === from_s || mean === 0 ? 0 : mean / perS;
}

/** Segments that came in besides SYNs, for each SYN-ACK sent. */
function repliesPerSynAck({ server_counters, syns_in, synacks_out }: TuningSummary): number {
  const others = (server_counters.TcpInSegs?.mean ?? 0) - syns_in.mean;
  return synacks_out.mean === 0 ? 0 : Math.max(0, others) / synacks_out.mean;
}

function whoWasServed(tuning: TuningSummary): string {
  const users = usersOf(tuning);
  const served = tuning.clients.reduce((sum, clients) => sum + clients.served.mean, 0);
  if (users === 0) return "No clients came.";
  if (served >= users) return `All ${formatMean(users)} clients were served.`;
  return `${formatMean(served)} of ${formatMean(users)} clients were served, ${formatRatio(servedShareOf(tuning))}.`;
}

/** One sentence: the gate, since when, how much it took, and what moves it. */
export function whatBinds(tuning: TuningSummary, binding: Binding | null): string {
  if (binding === null) return `No limit binds: ${whatWasLost(tuning)}.`;
  const { title, help, knob } = GATES[binding.gate];
  const what =
    binding.by === "failed"
      ? `${formatRatio(binding.share_ratio)} of the failed attempts ended there`
      : `nobody failed there, but it caused ${formatRatio(binding.share_ratio)} of the waiting`;
  const setting = knob === null ? "No setting of the server moves it." : `It is moved by: ${knob}.`;
  return `What binds: ${title}${since(binding, tuning)}; ${what}. ${help} ${setting}`;
}

/** Where nobody failed and waiting is not worth a word. */
function whatWasLost(tuning: TuningSummary): string {
  const lost = byGate(tuning, "drops").map(([gate, packets]) => `${GATES[gate].title} ${formatMean(packets)}`);
  if (lost.length === 0) return "no packet of a client was lost at one";
  return `the packets of clients that were lost (${lost.join(", ")}) made hardly anybody wait`;
}

/** Time in the accept queue is no loss, so no gate has it; clients feel it all the same. */
export function whatWaits({ listeners }: TuningSummary): string[] {
  return listeners.flatMap(({ port, accept_wait_ms }) =>
    accept_wait_ms === null || accept_wait_ms.p99 < LONG_ACCEPT_WAIT_MS
      ? []
      : [
          `Connections on port ${port} waited for accept() up to ${formatMs(accept_wait_ms.p99)} (p99): the application is behind.`,
        ],
  );
}

/** Kinds of sockets at the end that point to something: nothing ends them, and nobody serves them. */
const STUCK = ["ghost", "close_wait", "half_closed", "unread"] as const;

function whatIsLeft({ leftovers }: TuningSummary): string[] {
  return (["server", "client"] as const).flatMap((host) =>
    STUCK.flatMap((kind) => {
      const count = leftovers[host][kind]?.mean ?? 0;
      if (count < 1) return [];
      return [leftoverSentence(host === "server" ? "server" : "clients", kind, formatMean(count))];
    }),
  );
}

/** The address pair whose ports ran out, or nearly did. */
function whatPorts({ worst_pair: pair }: TuningSummary): string[] {
  if (pair === null || !isNearlyOut(pair)) return [];
  const { address, port, usable_ports, ports_peak, without_port } = pair;
  const taken = `${formatMean(ports_peak.mean)} of its ${formatCount(usable_ports)} local ports taken at the peak, TIME_WAIT included`;
  const refused = without_port.mean === 0 ? "" : `; ${formatMean(without_port.mean)} attempts found none`;
  return [`The worst address pair, ${address} to port ${port}, had ${taken}${refused}.`];
}

/** FINs that come too late harm nobody. */
const BREAKS = ["stale_data_accepted", "unwanted_connections"] as const;

/** What breaks without anybody noticing. */
function whatNobodyCounts({ server_unseen, client_unseen }: TuningSummary): string[] {
  return ([server_unseen, client_unseen] as const).flatMap((unseen, side) =>
    BREAKS.flatMap((name) => {
      const measure = unseen[name];
      if (measure === undefined) return [];
      const where = side === 0 ? "at the server" : "at the clients";
      const { title, help } = UNSEEN[name];
      return [`No counter shows it: ${title} ${where}, ${formatMean(measure.mean)}. ${help}`];
    }),
  );
}

function since({ from_s, until_s }: Binding, { lines }: TuningSummary): string {
  if (from_s === null || until_s === null) return "";
  const isToTheEnd = until_s === lines.at_s.at(-1);
  return ` (${from_s === until_s ? `at ${formatSeconds(from_s)}` : `from ${formatSeconds(from_s)} ${isToTheEnd ? "to the end" : `to ${formatSeconds(until_s)}`}`})`;
}

function whatTraffic(tuning: TuningSummary, traffic: TuningVerdict["traffic"], binding: Binding | null): string[] {
  const repliesEach = repliesPerSynAck(tuning);
  const syns = `${formatCount(Math.round(tuning.syns_in.mean))} SYNs came`;
  if (traffic === "flood" && repliesEach < FLOOD_REPLIES_PER_SYNACK)
    return [`It looks like a SYN flood: ${syns}, and most of their addresses never answered a SYN-ACK.`];
  if (traffic === "flood")
    return [`It looks like a SYN flood: ${syns}, and half-opens that never answered kept the SYN queue filled.`];
  if (traffic === "calm" || binding === null) return [];
  return ["It looks like plain overload, not like a flood: those who came answered the SYN-ACKs."];
}
