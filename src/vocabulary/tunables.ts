/**
 * Tunables: the sysctls that matter to the accept path, one row each. The key is the name that `sysctl -a` prints.
 *
 * Purpose     Config checks values against this table, compile takes defaults from it, the reference page is made from it.
 * Units       As the kernel's, named in each row.
 * Invariants  What a release has no rule for is never ignored in silence: `modelled` says which values the engine honours.
 * Source      kernel-semantics 10.1. Defaults that depend on memory are those of the recordings' machine, 24 GiB.
 */
import { type KernelName, type Steps, stepValue } from "./kernels.ts";

export type TunableValue = number | string;

/** `range`: two ports, "low high". `list`: ports and port ranges, "8080,9000-9010". `text`: taken as it is. */
export type TunableType =
  | { readonly kind: "int"; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly kind: "enum"; readonly min: number; readonly max: number; readonly unit: "mode" }
  | { readonly kind: "range"; readonly min: number; readonly max: number; readonly unit: "ports" }
  | { readonly kind: "list"; readonly min: number; readonly max: number; readonly unit: "ports" }
  | { readonly kind: "text"; readonly unit: string };

export interface TunableDef {
  readonly meaning: string;
  readonly type: TunableType;
  /** One value per network namespace, or one for the machine. */
  readonly scope: "netns" | "global";
  /** Which end of a connection it acts on. */
  readonly side: "server" | "client" | "both";
  /** First kernel → default; null: the kernel has no such sysctl. */
  readonly defaults: Steps<TunableValue | null>;
  /** The release that removed it, listed or not. */
  readonly removedIn?: string;
  /**
   * true: honoured. false: not modelled yet, so any value but the default is refused. A list: only these values are modelled.
   * "without effect": accepted, and said to change nothing.
   */
  readonly modelled: boolean | readonly TunableValue[] | "without effect";
  /** Section of kernel-semantics.md with the rule, or the manual page where there is none. */
  readonly section: string;
}

const INT_MAX = 0x7fffffff;
const BY_MACHINE = "depends on the machine";

type Place = Pick<TunableDef, "scope" | "side" | "type">;
const on =
  (scope: TunableDef["scope"], side: TunableDef["side"]) =>
  (type: TunableType): Place => ({ scope, side, type });
const server = on("netns", "server");
const client = on("netns", "client");
const both = on("netns", "both");
const machine = on("global", "both");
const serverMachine = on("global", "server");

const int = (unit: string, min: number, max: number = INT_MAX): TunableType => ({ kind: "int", min, max, unit });
const mode = (max: number): TunableType => ({ kind: "enum", min: 0, max, unit: "mode" });
const text = (unit: string): TunableType => ({ kind: "text", unit });

export const TUNABLES = {
  "net.core.somaxconn": {
    ...server(int("connections", 0)),
    meaning: "Upper limit of listen()'s backlog.",
    defaults: { "2.6.32": 128, "5.4": 4096 },
    modelled: true,
    section: "2.1",
  },
  "net.ipv4.tcp_max_syn_backlog": {
    ...server(int("half-open connections", 0)),
    meaning:
      "With tcp_syncookies 0: its last quarter is kept for known peers. It does not bound the SYN queue otherwise.",
    defaults: { "2.6.32": 2048, "3.10": 1024, "5.4": 2048 },
    modelled: true,
    section: "2.2",
  },
  "net.ipv4.tcp_syncookies": {
    ...server({ kind: "enum", min: 0, max: 255, unit: "mode" }),
    meaning: "0: never; 1: when the SYN queue is full; 2: for every SYN; other values act as 1.",
    defaults: { "2.6.32": 0, "3.10": 1 },
    modelled: true,
    section: "5.5",
  },
  "net.ipv4.tcp_synack_retries": {
    ...server(int("retransmissions", 0, 255)),
    meaning: "SYN-ACK retransmissions before a half-open connection is given up.",
    defaults: { "2.6.32": 5 },
    modelled: true,
    section: "3.1",
  },
  "net.ipv4.tcp_abort_on_overflow": {
    ...server(mode(1)),
    meaning: "1: a final ACK that meets a full accept queue is answered by RST.",
    defaults: { "2.6.32": 0 },
    modelled: true,
    section: "4.4",
  },
  "net.ipv4.tcp_migrate_req": {
    ...server(mode(1)),
    meaning: "1: a closing listener hands its half-open connections to another of its SO_REUSEPORT group.",
    defaults: { "2.6.32": null, "5.15": 0 },
    modelled: false,
    section: "4.7",
  },
  "net.ipv4.tcp_no_metrics_save": {
    ...both(mode(1)),
    meaning:
      "1: ended connections leave no metrics, so no peer becomes known to the last-quarter rule, nor its round-trip time.",
    defaults: { "2.6.32": 0 },
    modelled: true,
    section: "2.2",
  },
  "net.ipv4.tcp_invalid_ratelimit": {
    ...both(int("ms", 0)),
    meaning: "Least time between two replies to invalid segments of one connection.",
    defaults: { "2.6.32": null, "4.4": 500 },
    modelled: true,
    section: "4.1",
  },
  "net.ipv4.tcp_challenge_ack_limit": {
    ...both(int("challenge ACKs per second", 0)),
    meaning: "Challenge ACKs per second of the whole host, give or take a half; 2147483647 is unlimited.",
    defaults: { "2.6.32": null, "3.10": 1000, "4.4": 100, "4.15": 1000, "6.1": INT_MAX },
    modelled: true,
    section: "10.1",
  },
  "net.ipv4.tcp_syn_retries": {
    ...client(int("retransmissions", 1, 127)),
    meaning: "SYN retransmissions, besides the linear ones, before connect() fails.",
    defaults: { "2.6.32": 5, "3.10": 6 },
    modelled: true,
    section: "6.1",
  },
  "net.ipv4.tcp_syn_linear_timeouts": {
    ...client(int("time-outs", 0, 127)),
    meaning: "SYN time-outs of 1 s each before they begin to double.",
    defaults: { "2.6.32": null, "6.6": 4 },
    modelled: true,
    section: "6.1",
  },
  "net.ipv4.ip_local_port_range": {
    ...client({ kind: "range", min: 1024, max: 65535, unit: "ports" }),
    meaning: "Local ports of connect(), lowest and highest.",
    defaults: { "2.6.32": "32768 61000", "4.4": "32768 60999" },
    modelled: true,
    section: "6.4",
  },
  "net.ipv4.ip_local_reserved_ports": {
    ...client({ kind: "list", min: 1, max: 65535, unit: "ports" }),
    meaning: "Ports that connect() leaves out.",
    defaults: { "2.6.32": null, "3.10": "" },
    modelled: true,
    section: "6.4",
  },
  "net.ipv4.tcp_tw_reuse": {
    ...client(mode(2)),
    meaning: "1: connect() may take a port over from TIME_WAIT; 2: on loopback only.",
    defaults: { "2.6.32": 0, "4.19": 2 },
    modelled: true,
    section: "6.5",
  },
  "net.ipv4.tcp_tw_reuse_delay": {
    ...client(int("ms", 1, 60_000)),
    meaning: "Age from which tcp_tw_reuse takes a port over.",
    defaults: { "2.6.32": null, "6.18.15": 1000 },
    modelled: true,
    section: "6.5",
  },
  "net.ipv4.tcp_tw_recycle": {
    ...both(mode(1)),
    meaning: "Short TIME_WAIT, which broke clients behind NAT; removed in 4.12.",
    defaults: { "2.6.32": 0, "4.15": null },
    removedIn: "4.12",
    modelled: true,
    section: "7.9",
  },
  "net.ipv4.tcp_max_tw_buckets": {
    ...both(int("connections", 0)),
    meaning: "TIME_WAIT entries at most; beyond, a connection is closed without TIME_WAIT.",
    defaults: { "2.6.32": 262_144, "3.10": 131_072 },
    modelled: true,
    section: "7.7",
  },
  "net.ipv4.tcp_fin_timeout": {
    ...both(int("s", 0, 2_147_483)),
    meaning: "How long a closed connection waits in FIN_WAIT_2. Not the length of TIME_WAIT.",
    defaults: { "2.6.32": 60 },
    modelled: true,
    section: "7.4",
  },
  "net.ipv4.tcp_max_orphans": {
    ...machine(int("connections", 0)),
    meaning: "Connections at most that their application has closed but TCP has not; beyond, they are reset.",
    defaults: { "2.6.32": 262_144, "3.10": 131_072 },
    modelled: true,
    section: "7.5",
  },
  "net.ipv4.tcp_orphan_retries": {
    ...both(int("retransmissions", 0, 255)),
    meaning: "Retries before a closed connection is given up; 0 acts as 8.",
    defaults: { "2.6.32": 0 },
    modelled: true,
    section: "7.5",
  },
  "net.ipv4.tcp_retries1": {
    ...both(int("retransmissions", 0, 255)),
    meaning: "Retransmissions before the route is looked up anew.",
    defaults: { "2.6.32": 3 },
    modelled: false,
    section: "10.1",
  },
  "net.ipv4.tcp_retries2": {
    ...both(int("retransmissions", 0, 255)),
    meaning: "Retries before an open connection is given up.",
    defaults: { "2.6.32": 15 },
    modelled: true,
    section: "7.5",
  },
  "net.ipv4.tcp_keepalive_time": {
    ...both(int("s", 1, 2_147_483)),
    meaning: "Silence after which a connection with SO_KEEPALIVE is probed.",
    defaults: { "2.6.32": 7200 },
    modelled: true,
    section: "tcp(7)",
  },
  "net.ipv4.tcp_keepalive_intvl": {
    ...both(int("s", 1, 2_147_483)),
    meaning: "Time from one keepalive probe to the next.",
    defaults: { "2.6.32": 75 },
    modelled: true,
    section: "tcp(7)",
  },
  "net.ipv4.tcp_keepalive_probes": {
    ...both(int("probes", 0, 255)),
    meaning: "Unanswered keepalive probes after which a connection is given up.",
    defaults: { "2.6.32": 9 },
    modelled: true,
    section: "tcp(7)",
  },
  "net.ipv4.tcp_rfc1337": {
    ...both(mode(1)),
    meaning: "1: an RST does not end TIME_WAIT.",
    defaults: { "2.6.32": 0 },
    modelled: true,
    section: "7.8",
  },
  "net.ipv4.tcp_rto_min_us": {
    ...both(int("µs", 1)),
    meaning: "Least retransmission time-out of full sockets.",
    defaults: { "2.6.32": null, "6.12": 200_000 },
    modelled: true,
    section: "10.1",
  },
  "net.ipv4.tcp_rto_max_ms": {
    ...both(int("ms", 1000, 120_000)),
    meaning: "Greatest retransmission time-out of SYNs and of full sockets; not of half-open connections.",
    defaults: { "2.6.32": null, "6.18.15": 120_000 },
    modelled: true,
    section: "10.1",
  },
  "net.ipv4.tcp_timestamps": {
    ...both(mode(2)),
    meaning: "0: off; 1: on; 2: on without an offset.",
    defaults: { "2.6.32": 1 },
    modelled: true,
    section: "8.1",
  },
  "net.ipv4.tcp_sack": {
    ...both(mode(1)),
    meaning: "Selective acknowledgments.",
    defaults: { "2.6.32": 1 },
    modelled: true,
    section: "2.6",
  },
  "net.ipv4.tcp_window_scaling": {
    ...both(mode(1)),
    meaning: "Windows above 64 KiB.",
    defaults: { "2.6.32": 1 },
    modelled: true,
    section: "2.6",
  },
  "net.ipv4.tcp_ecn": {
    ...both(mode(2)),
    meaning: "0: off; 1: ask for it; 2: accept when asked.",
    defaults: { "2.6.32": 2 },
    modelled: false,
    section: "2.6",
  },
  "net.ipv4.tcp_fastopen": {
    ...both(int("bit mask", 0)),
    meaning: "Fast Open; 1: client, 2: server.",
    defaults: { "2.6.32": null, "3.10": 0, "4.4": 1 },
    modelled: [0, 1],
    section: "2.7",
  },
  "net.ipv4.tcp_congestion_control": {
    ...both(text("name")),
    meaning: "Congestion control; slow start is the same in all, and after a loss the window shrinks as CUBIC's does.",
    defaults: { "2.6.32": "cubic" },
    modelled: "without effect",
    section: "10.1",
  },
  "net.ipv4.ip_no_pmtu_disc": {
    ...both(int("mode", 0, 3)),
    meaning: "1: packets may be fragmented on the way; 0: they may not, and the path says how large they may be.",
    defaults: { "2.6.32": 0 },
    modelled: [0, 1],
    section: "8.2",
  },
  "net.ipv4.tcp_min_snd_mss": {
    ...both(int("bytes", 48, 65_535)),
    meaning: "Least segment size that a peer may ask for.",
    defaults: { "2.6.32": null, "5.4": 48 },
    modelled: true,
    section: "8.2",
  },
  "net.ipv4.tcp_child_ehash_entries": {
    ...both(int("hash slots", 0)),
    meaning: "Size of the connection table of namespaces created later.",
    defaults: { "2.6.32": null, "6.1": 0 },
    modelled: false,
    section: "10.1",
  },
  "net.ipv4.tcp_mem": {
    ...machine(text("pages")),
    meaning: "Memory of all TCP sockets: low, pressure, high.",
    defaults: { "2.6.32": BY_MACHINE },
    modelled: false,
    section: "7.5",
  },
  "net.ipv4.tcp_rmem": {
    ...both(text("bytes")),
    meaning: "Receive buffer: least, default, most.",
    defaults: { "2.6.32": BY_MACHINE },
    modelled: false,
    section: "8.3",
  },
  "net.core.rmem_max": {
    ...machine(int("bytes", 2304)),
    meaning: "Receive buffer that an application may ask for.",
    defaults: { "2.6.32": 212_992, "6.18.15": 4_194_304 },
    modelled: false,
    section: "8.3",
  },
  "net.core.netdev_max_backlog": {
    ...serverMachine(int("packets", 0)),
    meaning: "Packets that wait in one CPU's backlog before they reach TCP; a NIC without RPS has none.",
    defaults: { "2.6.32": 1000 },
    modelled: true,
    section: "1.2",
  },
  "net.core.netdev_budget": {
    ...serverMachine(int("packets", 0)),
    meaning: "Packets taken in one go of the receive softirq.",
    defaults: { "2.6.32": 300 },
    modelled: true,
    section: "1.4",
  },
  "net.core.netdev_budget_usecs": {
    ...serverMachine(int("µs", 0)),
    meaning: "Time of one go of the receive softirq; the default is that of HZ 250.",
    defaults: { "2.6.32": null, "4.15": 2000, "5.15": 8000 },
    modelled: true,
    section: "1.4",
  },
  "net.core.dev_weight": {
    ...serverMachine(int("packets", 1)),
    meaning: "Packets taken from the backlog at once.",
    defaults: { "2.6.32": 64 },
    modelled: true,
    section: "1.4",
  },
  "net.core.dev_weight_rx_bias": {
    ...serverMachine(int("factor", 1)),
    meaning: "Multiplies dev_weight on the way in.",
    defaults: { "2.6.32": null, "4.15": 1 },
    modelled: true,
    section: "1.4",
  },
  "net.core.flow_limit_cpu_bitmap": {
    ...serverMachine(int("CPU mask", 0)),
    meaning: "CPUs on which one flow may not fill the backlog.",
    defaults: { "2.6.32": null, "4.4": 0 },
    modelled: true,
    section: "1.3",
  },
  "net.core.flow_limit_table_len": {
    ...serverMachine(int("hash slots", 1, 2 ** 20)),
    meaning: "Flows told apart by flow_limit_cpu_bitmap.",
    defaults: { "2.6.32": null, "4.4": 4096 },
    modelled: true,
    section: "1.3",
  },
  "net.core.gro_normal_batch": {
    ...machine(int("packets", 1)),
    meaning: "Packets handed up at once after GRO.",
    defaults: { "2.6.32": null, "5.4": 8 },
    modelled: false,
    section: "10.1",
  },
  "net.netfilter.nf_conntrack_max": {
    ...machine(int("connections", 0)),
    meaning: "Connections that netfilter tracks at most.",
    defaults: { "2.6.32": BY_MACHINE },
    modelled: false,
    section: "9.2",
  },
} as const satisfies Record<string, TunableDef>;

export type TunableName = keyof typeof TUNABLES;
export const TUNABLE_NAMES = Object.keys(TUNABLES) as TunableName[];

export const isTunable = (name: string): name is TunableName => Object.hasOwn(TUNABLES, name);

/** Default of `sysctl` in `kernel`; null where that kernel has no such sysctl. */
export function defaultFor(sysctl: TunableName, kernel: KernelName): TunableValue | null {
  return stepValue<TunableValue | null>(TUNABLES[sysctl].defaults, kernel) ?? null;
}
