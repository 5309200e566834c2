/** All dashboards, as files of /dashboards. */
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { acceptPath } from "./accept-path.ts";
import { capacity } from "./capacity.ts";
import { daemonHealth } from "./daemon-health.ts";
import { type DashboardSpec, dashboard, type Entry } from "./dashboard.ts";
import { floodOrLoad } from "./flood-or-load.ts";
import { referenceDashboard } from "./reference.ts";
import { timeWait } from "./time-wait.ts";
import { REFERENCE_UID } from "./topics.ts";
import { tuningComparison } from "./tuning-comparison.ts";
import { virtualHosts } from "./virtual-hosts.ts";

/** In the order of the index. */
const SPECS: readonly DashboardSpec[] = [
  ...[tuningComparison, acceptPath, timeWait, floodOrLoad, virtualHosts, capacity, daemonHealth],
];

const REFERENCE: Entry = { uid: REFERENCE_UID, title: "Reference", about: "What metrics and gates mean." };

/** File name → dashboard. */
export function allDashboards(): Map<string, Dashboard> {
  const entries: Entry[] = [...SPECS, REFERENCE];
  return new Map([
    ...SPECS.map((spec): [string, Dashboard] => [fileOf(spec.uid), dashboard(spec, entries)]),
    [fileOf(REFERENCE_UID), referenceDashboard()],
  ]);
}

const fileOf = (uid: string): string => `${uid}.json`;

export const dashboardText = (one: Dashboard): string => `${JSON.stringify(one, null, 2)}\n`;
