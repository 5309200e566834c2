/**
 * The demo's timetable: 15 minutes of calm, burst, flood and slow application, over and over.
 *
 * Rows    At a second of the period, a setting takes a value; test/daemon/demo.test.ts holds that each gate named there binds in each period.
 */
import { NS_PER_S } from "../base/units.ts";
import { ChangeKind, type LoadChange } from "../vocabulary/load-change.ts";

export const DEMO_FILE = new URL("../../config/demo/demo.yaml", import.meta.url);
export const DEMO_PERIOD_S = 900;

const LEGIT = 0;
const FLOOD = 1;
const LISTENER = 0;

const legit = (atS: number, perS: number) => row(atS, ChangeKind.WorkloadRate, LEGIT, perS);
const flood = (atS: number, perS: number) => row(atS, ChangeKind.WorkloadRate, FLOOD, perS);
const accept = (atS: number, perS: number) => row(atS, ChangeKind.AcceptRate, LISTENER, perS);
const pause = (atS: number, lengthS: number) => row(atS, ChangeKind.AppPause, LISTENER, lengthS * NS_PER_S);

function row(atS: number, kind: LoadChange["kind"], subject: number, value: number): LoadChange {
  return { atNs: atS * NS_PER_S, kind, subject, value };
}

export const DEMO_TIMETABLE: readonly LoadChange[] = [
  // Calm; first numbers within seconds.
  flood(0, 0),
  legit(0, 50),
  accept(0, 400),
  // A burst: twice what the application accepts, so that the accept queue fills and SYNs find it full.
  legit(120, 800),
  legit(150, 50),
  // A flood: the SYN queue fills, or three quarters of tcp_max_syn_backlog do, or cookies are sent.
  flood(240, 3000),
  flood(360, 0),
  // A slow application: fewer are accepted than come.
  accept(480, 10),
  accept(570, 400),
  // Both: cookies come back to a full accept queue.
  flood(660, 3000),
  pause(680, 30),
  accept(710, 20),
  flood(760, 0),
  accept(800, 400),
];
