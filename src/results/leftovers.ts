/**
 * Leftovers: the sockets that are there when a run ends, by name: which of them a timer will end, and which the kernel keeps for ever.
 *
 * Method      From the numbers of sockets by state at both ends. A connection that is ESTABLISHED at one end and has no socket at the other that
 *             could be its peer is a ghost; a peer that is closing is counted as one, so that traffic under way makes no ghosts.
 * Invariants  Each socket is of one kind. Behind a load balancer each host is judged with its own clients.
 * Used by     summarize.ts, verdicts, `run --states`; tests that let runs drain: what is left then is of a kind that `staysFor(kind)` calls "ever".
 */

import { STATE_NAMES } from "../vocabulary/run-result.ts";
import { WorkloadKind } from "../vocabulary/run-spec.ts";
import type { RunView } from "./run-view.ts";

interface LeftoverDef {
  /** After a number: 12 connections ... */
  readonly says: string;
  /** What ends it; null: nothing, but its application, or keepalive. */
  readonly endedBy: string | null;
}

export const LEFTOVERS = {
  open: { says: "are open at both ends", endedBy: null },
  ghost: { says: "are ghosts: ESTABLISHED, but the other end has no such socket any more", endedBy: null },
  close_wait: { says: "are in CLOSE_WAIT: the other end has closed, the application has not", endedBy: null },
  half_closed: { says: "are half closed: FIN_WAIT2 of a living process, which no timer ends", endedBy: null },
  unread: { says: "are dead, and their application has not looked yet", endedBy: null },
  half_open: { says: "are half open", endedBy: "the SYN-ACK timer" },
  connecting: { says: "are connecting", endedBy: "the SYN timer" },
  closing: { says: "are closing", endedBy: "the retransmission timer, or tcp_fin_timeout" },
  time_wait: { says: "are in TIME_WAIT", endedBy: "the timer of 60 s" },
} as const satisfies Record<string, LeftoverDef>;

export type LeftoverKind = keyof typeof LEFTOVERS;
export const LEFTOVER_KINDS = Object.keys(LEFTOVERS) as LeftoverKind[];

/** How long sockets of a kind stay, if their applications do nothing. */
export const staysFor = (kind: LeftoverKind): "ever" | "a time" =>
  LEFTOVERS[kind].endedBy === null ? "ever" : "a time";

export type Leftovers = Readonly<Record<LeftoverKind, number>>;

type State = Exclude<(typeof STATE_NAMES)[number], "">;
type ByState = (state: State) => number;

/** The sockets of both ends at the end of a run. */
export function leftoversOf(view: RunView): { readonly server: Leftovers; readonly client: Leftovers } {
  const byState = (host: "server" | "client"): ByState => {
    const states = view.states(host);
    return (state) => states[STATE_NAMES.indexOf(state)] ?? 0;
  };
  const [server, client] = [byState("server"), byState("client")];
  // Only clients shut one side down and live on.
  const halfCloses = view.spec.workloads.some((w) => w.kind === WorkloadKind.Connections && w.halfClose === 1);
  return { server: kindsOf(server, client, false), client: kindsOf(client, server, halfCloses) };
}

function kindsOf(own: ByState, other: ByState, halfCloses: boolean): Leftovers {
  const ghosts = Math.max(0, own("established") - other("established") - other("fin_wait1") - other("fin_wait2"));
  return {
    open: own("established") - ghosts,
    ghost: ghosts,
    close_wait: own("close_wait"),
    half_closed: halfCloses ? own("fin_wait2") : 0,
    unread: own("close"),
    half_open: own("new_syn_recv"),
    connecting: own("syn_sent") + own("syn_recv"),
    closing: own("fin_wait1") + own("closing") + own("last_ack") + (halfCloses ? 0 : own("fin_wait2")),
    time_wait: own("time_wait"),
  };
}

/** "12 connections of the server are ghosts ...", of a kind of which there are so many. */
export function leftoverSentence(host: "server" | "clients", kind: LeftoverKind, count: string): string {
  const { says, endedBy } = LEFTOVERS[kind];
  const until = endedBy === null ? "" : `; ${endedBy} ends them`;
  return `At the end ${count} sockets of the ${host} ${says}${until}.`;
}
