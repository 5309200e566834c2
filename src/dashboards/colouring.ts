/**
 * Colouring: which series of a panel has which colour, as overrides by the series' name. What a legend says is therefore fixed here as well:
 * `{{slot}} {{tuning}}` for tunings, the bare label for gates and states.
 */
import type { DynamicConfigValue, MatcherConfig } from "@grafana/grafana-foundation-sdk/dashboard";
import { GATE_NAMES, GATES } from "../vocabulary/gates.ts";
import { AGE_COLOURS, GATE_COLOURS, STATE_COLOURS, TUNING_COLOURS } from "./palette.ts";

export interface Override {
  readonly matcher: MatcherConfig;
  readonly properties: DynamicConfigValue[];
}
export type Colouring = readonly Override[];

/** A series by its whole name. `is`: how it is drawn where it is no ordinary line. */
export interface NamedStyle {
  readonly colour: string;
  /** A limit: dashed, without an area, on top of no stack. */
  readonly is?: "limit";
}

export const TUNING_LEGEND = "{{slot}} {{tuning}}";
export const GATE_LEGEND = "{{gate}}";
export const STATE_LEGEND = "{{state}}";
export const AGE_LEGEND = "{{retransmits}}";

/** A paced daemon has no more tunings (MAX_TUNINGS). */
const MOST_SLOTS = 32;

const fixed = (colour: string): DynamicConfigValue => ({ id: "color", value: { mode: "fixed", fixedColor: colour } });
const called = (name: string): DynamicConfigValue => ({ id: "displayName", value: name });

const byName = (name: string, properties: DynamicConfigValue[]): Override => ({
  matcher: { id: "byName", options: name },
  properties,
});

const AS_LIMIT: readonly DynamicConfigValue[] = [
  { id: "custom.lineStyle", value: { fill: "dash", dash: [10, 6] } },
  { id: "custom.fillOpacity", value: 0 },
  { id: "custom.stacking", value: { mode: "none" } },
];

/** By place, whatever tunings are called. */
export const byTuning: Colouring = TUNING_COLOURS.map((colour, index): Override => {
  const slots: number[] = [];
  for (let slot = index + 1; slot <= MOST_SLOTS; slot += TUNING_COLOURS.length) slots.push(slot);
  return { matcher: { id: "byRegexp", options: `/^(${slots.join("|")}) /` }, properties: [fixed(colour)] };
});

/** Under the gate's title; an own colour for each. */
export const byGate: Colouring = GATE_NAMES.map((gate) =>
  byName(gate, [fixed(GATE_COLOURS[gate]), called(GATES[gate].title)]),
);

export const byState: Colouring = Object.entries(STATE_COLOURS).map(([state, colour]) =>
  byName(state, [fixed(colour), called(state.toUpperCase().replaceAll("_", "-"))]),
);

export const byAge: Colouring = AGE_COLOURS.map((colour, retransmits) =>
  byName(String(retransmits), [fixed(colour), called(ageName(retransmits))]),
);

function ageName(retransmits: number): string {
  const last = AGE_COLOURS.length - 1;
  return retransmits === last ? `${last} or more retransmissions` : `${retransmits} retransmissions`;
}

export const named = (styles: Readonly<Record<string, NamedStyle>>): Colouring =>
  Object.entries(styles).map(([name, { colour, is }]) =>
    byName(name, [fixed(colour), ...(is === "limit" ? AS_LIMIT : [])]),
  );
