/**
 * CPU: what the packets and the application of a server cost, and the ways a packet takes to TCP.
 *
 * Units   µs of one CPU.
 * Source  Each profile names its own. Costs differ by machine by a factor of several; their ratios less.
 */

/** What takes CPU time. */
export const CPU_COSTS = {
  receive: "Driver and GRO: a packet is taken off the NIC's ring. Loopback and veth have none: their sender pays.",
  rps: "RPS: the packet is hashed and put into another CPU's backlog.",
  syn_dropped: "A SYN that is dropped in TCP.",
  cookie: "A SYN that is answered by a cookie.",
  request: "A SYN that becomes a half-open request, its SYN-ACK included.",
  request_timeout: "The timer of a half-open request: a SYN-ACK is sent again, or the request is dropped.",
  final_ack: "The ACK that completes a handshake: a child is made.",
  ack: "Any other segment without data.",
  data: "A segment with data.",
  fin: "A FIN.",
  rst: "A RST.",
  reset: "A segment that is answered by a RST.",
  accept: "accept(), the wake-up included.",
  app_request: "The application: from reading a request to having written its response, and close().",
} as const;
export type CpuCostName = keyof typeof CPU_COSTS;
export const CPU_COST_NAMES = Object.keys(CPU_COSTS) as CpuCostName[];
/** Name → its index in every list of costs. */
export const CpuCost = Object.fromEntries(CPU_COST_NAMES.map((name, index) => [name, index])) as Record<
  CpuCostName,
  number
>;

export interface CpuProfile {
  readonly basis: "measured" | "literature";
  readonly source: string;
  readonly costsUs: { readonly [K in CpuCostName]: number };
}

export const CPU_PROFILES = {
  "measured-6.18": {
    basis: "measured",
    source:
      "Kernel 6.18 on one virtual CPU (test/kernel/cost_probe.py, 10th percentile of 60 batches, above a packet that IP drops). receive and rps are literature: one core drops 1.7 M packets/s in PREROUTING (Cloudflare, How to drop 10 million packets, 2018).",
    costsUs: {
      receive: 0.6,
      rps: 0.3,
      syn_dropped: 0.5,
      cookie: 3.6,
      request: 4.1,
      request_timeout: 2.6,
      final_ack: 4.2,
      ack: 1.6,
      data: 3,
      fin: 1.4,
      rst: 1.4,
      reset: 2.6,
      accept: 4,
      app_request: 12.6,
    },
  },
  "literature-4.4": {
    basis: "literature",
    source:
      "3.5 M SYN/s absorbed by one server with a NIC of 16 queues (commit e994b2f0fb92, Linux 4.4): 4.6 µs for each if every queue has a CPU, which the message does not say; SHA for cookies 8 % of that. Drops by Cloudflare, How to drop 10 million packets (2018): 1.7 M packets/s in PREROUTING. The rest in the proportions of measured-6.18.",
    costsUs: {
      receive: 0.6,
      rps: 0.3,
      syn_dropped: 0.5,
      cookie: 3.9,
      request: 4,
      request_timeout: 2.5,
      final_ack: 4.1,
      ack: 1.6,
      data: 2.9,
      fin: 1.4,
      rst: 1.4,
      reset: 2.5,
      accept: 3.9,
      app_request: 12.2,
    },
  },
} as const satisfies Record<string, CpuProfile>;
export type CpuProfileName = keyof typeof CPU_PROFILES;
export const CPU_PROFILE_NAMES = Object.keys(CPU_PROFILES) as CpuProfileName[];

/** How packets come to the server's CPUs. */
export const DEVICE_KINDS = ["nic", "veth", "loopback"] as const;
export type DeviceKindName = (typeof DEVICE_KINDS)[number];
