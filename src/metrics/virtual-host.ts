/**
 * Virtual host: a tuning's server as node_exporter would show it, so that dashboards and alerts that exist run on predictions.
 *
 * Names       node_exporter's own, with its types: what it reads from /proc/net/netstat and snmp is untyped. No instance label: Prometheus adds it.
 * Fields      By default those of node_exporter's default flags; `all`: every counter of the kernel that is modelled.
 * Left out    What is not modelled has no series, but node_softnet_dropped_total, which is 0 where CPUs take no time: no packet is lost below TCP then.
 */

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

export function virtualHost(
  { view }: Pick<LiveRun, "view">,
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

const uname = (kernel: string, nodename: string) => ({
  ...{ domainname: "(none)", machine: "x86_64", nodename, release: kernel, sysname: "Linux" },
  version: "predicted by halfopen",
});
