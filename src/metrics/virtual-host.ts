/**
 * Virtual host: a tuning's server as node_exporter would show it, so that dashboards and alerts that exist run on predictions.
 *
 * Names       node_exporter's own, with its types: what it reads from /proc/net/netstat and snmp is untyped. No instance label: Prometheus adds it.
 * Fields      By default those of node_exporter's default flags; `all`: every counter of the kernel that is modelled.
 * Left out    What is not modelled has no series, but node_softnet_dropped_total, which is 0 where CPUs take no time: no packet is lost below TCP then.
 */

import type { RunView } from "../results/run-view.ts";
import { COUNTER_NAMES, COUNTERS, nodeExporterName } from "../vocabulary/counters.ts";
import { nodeSoftnet } from "./cpu-families.ts";
import type { Family, FamilyDef, Group } from "./family.ts";
import type { LiveRun } from "./run-families.ts";
import { socketStates } from "./run-families.ts";

export const VIRTUAL_FIELDS = ["default", "all"] as const;
export type VirtualFields = (typeof VIRTUAL_FIELDS)[number];

/** States that are no sockets of their own in /proc/net/sockstat's `inuse`. */
const NOT_IN_USE = ["time_wait", "syn_recv", "close"];

const one = (def: FamilyDef, value: number): Family => ({ ...def, samples: [{ labels: {}, value }] });

/**
 * Accept queues, which node_exporter has no collector for: as config/prometheus/listen-queues.sh writes them for its textfile collector, so that one alert
 * serves real and virtual hosts.
 */
export const LISTEN_QUEUE_METRICS = { length: "tcp_listen_queue_length", limit: "tcp_listen_queue_limit" } as const;

export function virtualHost(
  { view, queues }: Pick<LiveRun, "view" | "queues">,
  kernel: string,
  nodeName: string,
  fields: VirtualFields,
): Group {
  const states = socketStates(view, "server");
  const inUse = states.filter(([state]) => !NOT_IN_USE.includes(state)).reduce((sum, [, count]) => sum + count, 0);
  const timeWait = states.find(([state]) => state === "time_wait")?.[1] ?? 0;
  const shown = COUNTER_NAMES.filter((name) => fields === "all" || COUNTERS[name].nodeExporterDefault);
  const families: Family[] = [
    ...shown.map((name) => {
      const metric = nodeExporterName(name);
      const [, group = "", field = ""] = /^node_netstat_([^_]+)_(.*)$/.exec(metric) ?? [];
      return one({ name: metric, type: "untyped", help: `Statistic ${group}${field}.` }, view.counter("server", name));
    }),
    one({ name: "node_sockstat_TCP_inuse", type: "gauge", help: "Number of TCP sockets in state inuse." }, inUse),
    one({ name: "node_sockstat_TCP_tw", type: "gauge", help: "Number of TCP sockets in state tw." }, timeWait),
    {
      ...{ name: "node_tcp_connection_states", type: "gauge", help: "Number of connection states." },
      samples: states.map(([state, value]) => ({ labels: { state }, value })),
    },
    ...listenQueues(view, queues),
    ...nodeSoftnet(view),
    {
      ...{
        name: "node_uname_info",
        type: "gauge",
        help: "Labeled system information as provided by the uname system call.",
      },
      samples: [{ labels: uname(kernel, nodeName), value: 1 }],
    },
  ];
  return { shared: {}, families };
}

/** Of all listeners of a port together. */
function listenQueues(view: RunView, queues: LiveRun["queues"]): Family[] {
  const ports = [...new Set(view.spec.listeners.map(({ port }) => port))];
  const gauge = (name: string, help: string, ofListener: (listener: number) => number): Family => ({
    ...{ name, type: "gauge", help },
    samples: ports.map((port) => ({
      labels: { port },
      value: view.spec.listeners.reduce((sum, one, index) => (one.port === port ? sum + ofListener(index) : sum), 0),
    })),
  });
  return [
    gauge(
      LISTEN_QUEUE_METRICS.length,
      "Connections that wait for accept(), as ss shows them (Recv-Q).",
      (listener) => queues[listener]?.accept ?? 0,
    ),
    gauge(
      LISTEN_QUEUE_METRICS.limit,
      "Backlog of the listeners, as ss shows it (Send-Q); the queue holds one more.",
      (listener) => view.spec.listeners[listener]?.backlog ?? 0,
    ),
  ];
}

const uname = (kernel: string, nodename: string) => ({
  ...{ domainname: "(none)", machine: "x86_64", nodename, release: kernel, sysname: "Linux" },
  version: "predicted by halfopen",
});
