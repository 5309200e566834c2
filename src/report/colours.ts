/**
 * Colours of the page: one per tuning and one per gate or socket state, the same in every table and chart.
 *
 * Source  Tunings: Okabe and Ito (2008), with a grey for the baseline. Gates and states: Paul Tol's "muted", so that neither is taken for a tuning.
 *         Both keep apart for people with colour blindness. page.css has the values, for light and for dark.
 * Beyond  Where the colours end they begin again with another dash.
 */
import { GATE_NAMES, type GateName } from "../vocabulary/gates.ts";

/** Limits are "short", what is attempted "dotted". */
export const DASHES = ["solid", "long", "short", "dotted"] as const;
export type Dash = (typeof DASHES)[number];

export interface LineStyle {
  /** A CSS custom property. */
  readonly colour: string;
  readonly dash: Dash;
}

const TUNING_COLOURS = 7;
const KEY_COLOURS = 9;

const styleOf = (prefix: string, colours: number, index: number): LineStyle => ({
  colour: `--${prefix}-${index % colours}`,
  dash: DASHES[Math.floor(index / colours) % DASHES.length] ?? "solid",
});

/** 0 is the baseline. */
export const tuningStyle = (index: number): LineStyle => styleOf("tuning", TUNING_COLOURS, index);

/** Those that limits and floods are usually about come first, so that they have a colour and a full line to themselves. */
const GATE_ORDER: readonly GateName[] = [
  ...(["syn_queue_full", "accept_queue_at_syn", "accept_queue_at_ack", "last_quarter", "half_open_gone"] as const),
  ...(["accept_queue_at_cookie", "app", "no_local_port", "path_to_server"] as const),
];

export function gateStyle(gate: GateName): LineStyle {
  const order = [...GATE_ORDER, ...GATE_NAMES.filter((name) => name !== "none" && !GATE_ORDER.includes(name)), "none"];
  return styleOf("key", KEY_COLOURS, order.indexOf(gate));
}

/** As `ss` names them. */
const STATES = [
  ...["SYN-RECV", "ESTAB", "CLOSE-WAIT", "TIME-WAIT", "SYN-SENT", "FIN-WAIT-1", "FIN-WAIT-2", "LAST-ACK", "CLOSING"],
  ...["UNCONN", "LISTEN"],
];

/** A state that is not in the list looks like LISTEN, which is not drawn. */
export const stateStyle = (state: string): LineStyle =>
  styleOf("key", KEY_COLOURS, STATES.includes(state) ? STATES.indexOf(state) : STATES.length - 1);
