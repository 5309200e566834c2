/** What a real host's node_exporter has to be started with, so that it shows what dashboards and alerts ask for. */
import { COUNTERS, type CounterName, nodeExporterName } from "../vocabulary/counters.ts";

/** Counters that dashboards or alerts ask for and node_exporter leaves out by default. */
const BEYOND_DEFAULT: readonly CounterName[] = [
  ...(["TcpExtTCPReqQFullDrop", "TcpExtTCPReqQFullDoCookies", "TcpExtTCPTimeWaitOverflow"] as const),
];

const wanted = (Object.keys(COUNTERS) as CounterName[]).filter(
  (name) => COUNTERS[name].nodeExporterDefault || BEYOND_DEFAULT.includes(name),
);

/** The flag takes the place of the default, so it names both: `Tcp_InSegs`, `TcpExt_ListenDrops` ... */
export const NETSTAT_FLAG = `--collector.netstat.fields=^(${wanted
  .map((name) => nodeExporterName(name).replace("node_netstat_", ""))
  .join("|")})$`;

export const TCPSTAT_FLAG = "--collector.tcpstat";

export const HOST_FLAGS: readonly string[] = [TCPSTAT_FLAG, `'${NETSTAT_FLAG}'`];

/** Whether node_exporter shows the counter without a flag. */
export const isDefault = (name: CounterName): boolean => COUNTERS[name].nodeExporterDefault;
