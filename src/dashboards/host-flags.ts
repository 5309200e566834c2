/** What a real host's node_exporter has to be started with, so that it shows what dashboards and alerts ask for. */
import { COUNTERS, type CounterName } from "../vocabulary/counters.ts";

/**
 * The flag takes the place of node_exporter's own list (1.6 and later), so it is that list with what is missing in it: TCPReqQFullDrop, TCPReqQFullDoCookies
 * and TCPTimeWaitOverflow.
 */
export const NETSTAT_FIELDS = [
  ...["^(.*_(InErrors|InErrs)", "Ip_Forwarding", "Ip(6|Ext)_(InOctets|OutOctets)", "Icmp6?_(InMsgs|OutMsgs)"],
  "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop|TCPReqQFull.*|TCPTimeWaitOverflow)",
  "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)",
  "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
].join("|");

export const NETSTAT_FLAG = `--collector.netstat.fields='${NETSTAT_FIELDS}'`;

export const TCPSTAT_FLAG = "--collector.tcpstat";

export const HOST_FLAGS: readonly string[] = [TCPSTAT_FLAG, NETSTAT_FLAG];

/** Whether node_exporter shows the counter without a flag. */
export const isDefault = (name: CounterName): boolean => COUNTERS[name].nodeExporterDefault;
