/** Figures with a panel for each tuning, on the same axes: drops and failures by gate, sockets by state. */
import type { ExperimentSummary, Lines } from "../results/summary-format.ts";
import { GATES, type GateName } from "../vocabulary/gates.ts";
import { gateStyle, type LineStyle, stateStyle } from "./colours.ts";
import { distinct, type Figure, type Line, ratePerS, tuningToggle } from "./figure.ts";

const ONE_SEED = "First seed only; the tables have all seeds.";

interface Multiple extends Pick<Figure, "id" | "title" | "caption" | "unit" | "whenEmpty"> {
  readonly prefix: string;
  readonly pick: (lines: Lines) => Readonly<Record<string, readonly number[] | undefined>>;
  readonly label: (key: string) => string;
  readonly style: (key: string) => LineStyle;
  readonly draw: (atS: readonly number[], values: readonly number[], endS: number) => Pick<Line, "x" | "y" | "stepped">;
}

const gates = {
  prefix: "gate",
  unit: "per second",
  label: (gate: string) => GATES[gate as GateName].title,
  style: (gate: string) => gateStyle(gate as GateName),
  draw: ratePerS,
};

const states = {
  prefix: "state",
  unit: "sockets",
  label: (state: string) => state,
  style: stateStyle,
  draw: (atS: readonly number[], values: readonly number[]) => ({ x: atS, y: values, stepped: false }),
};

const MULTIPLES: readonly Multiple[] = [
  {
    ...gates,
    id: "client-drops",
    title: "Packets of clients that were lost, by gate",
    caption:
      "Each lost packet is charged to the one place that ate it, at that instant. A client that retransmits can lose several. " +
      "The gate that a setting is meant to open should be lower in the panel of that setting, and no other gate higher in its place.",
    whenEmpty: "None was lost.",
    pick: (lines) => lines.client_drops,
  },
  {
    ...gates,
    id: "flood-drops",
    title: "Packets of floods that were lost, by gate",
    caption:
      "What the server did not take of the floods. This is a defence at work, not damage: to be read beside what clients lost at the same time.",
    whenEmpty: "None was lost.",
    pick: (lines) => lines.flood_drops,
  },
  {
    ...gates,
    id: "failed",
    title: "Attempts that failed, by gate",
    caption:
      "Clients, at the instant at which they gave up, charged to the gate that ate their last try. That may be up to 131 s after the loss, so failures come late and go on after their cause; " +
      "attempts that are still in flight at the end are in the table. Never to be added to lost packets.",
    whenEmpty: "None failed.",
    pick: (lines) => lines.client_failed,
  },
  {
    ...states,
    id: "server-states",
    title: "Sockets of the server, by state",
    caption:
      "What ss -ant would count on the server. Many SYN-RECV and few ESTAB is a flood, or clients that cannot be reached; " +
      "ESTAB that grows without end is an application that does not close; CLOSE-WAIT is one that does not notice that its client left. LISTEN is left out.",
    whenEmpty: "No sockets.",
    pick: (lines) => lines.server_states,
  },
  {
    ...states,
    id: "client-states",
    title: "Sockets of the clients, by state",
    caption:
      "The same on the clients' side. SYN-SENT are those that wait to get in. TIME-WAIT uses up local ports where the client closes first. " +
      "ESTAB here without ESTAB on the server is a connection that only the client believes in.",
    whenEmpty: "No sockets.",
    pick: (lines) => lines.client_states,
  },
];

/** Those that have something to show in at least one tuning. */
export const multipleFigures = (summary: ExperimentSummary): Figure[] =>
  MULTIPLES.map((multiple) => multipleFigure(summary, multiple)).filter(({ legend }) => legend.length > 0);

function multipleFigure(summary: ExperimentSummary, multiple: Multiple): Figure {
  const { id, title, caption, unit, whenEmpty, prefix, pick, label, style, draw } = multiple;
  const keys = distinct(summary.tunings.flatMap(({ lines }) => Object.keys(pick(lines)))).filter(
    (key) => key !== "LISTEN",
  );
  return {
    ...{ id, title, unit, whenEmpty },
    caption: `${caption} ${ONE_SEED}`,
    ...{ kind: "time", steps: [], endS: summary.duration_s, logarithmic: false },
    panels: summary.tunings.map(({ name, lines }, index) => ({
      tuning: { name, index },
      lines: keys.flatMap((key): Line[] => {
        const values = pick(lines)[key];
        if (values === undefined) return [];
        return [
          {
            ...{ label: label(key), ...style(key), isLimit: false },
            toggles: [`${prefix}-${key}`, tuningToggle(index)],
            ...draw(lines.at_s, values, summary.duration_s),
          },
        ];
      }),
    })),
    legend: keys.map((key) => ({ toggle: `${prefix}-${key}`, label: label(key), ...style(key) })),
  };
}
