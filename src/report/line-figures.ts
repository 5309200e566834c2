/** Figures with all tunings on the same axes: queues against their limits, clients per second, the comb of connect latencies. */
import type { ExperimentSummary, ListenerSummary, TuningSummary } from "../results/summary-format.ts";
import { tuningStyle } from "./colours.ts";
import { distinct, type Figure, type Line, tuningLegend, tuningToggle } from "./figure.ts";
import { countText, secondsText } from "./number-text.ts";

type QueueName = "accept" | "syn";

const QUEUES = {
  accept: {
    title: "Accept queue",
    caption:
      "Connections that are set up and wait for accept(), at each sample. Dashed: the most that the queue holds (backlog + 1). " +
      "A line that lies on its limit is a full queue: from then on SYNs and final ACKs are dropped, and clients wait for a retransmission. " +
      "A queue that only grows is fed faster than the application accepts; no backlog cures that.",
  },
  syn: {
    title: "SYN queue",
    caption:
      "Half-open connections: a SYN was answered and its final ACK has not come. Dashed: the most that the queue holds (backlog + 1). " +
      "On its limit, SYNs are answered by cookies or dropped, as tcp_syncookies says. " +
      "With cookies off, the last-quarter rule of tcp_max_syn_backlog can stop a line below its limit. A saw-tooth is half-opens that are given up in turn.",
  },
} as const;

const FAR = "A limit far above all that was measured is outside of the linear scale.";
const ONE_SEED = "First seed only; the tables have all seeds.";

export function queueFigures(summary: ExperimentSummary): Figure[] {
  const ports = distinct(summary.tunings.flatMap(({ listeners }) => listeners.map(({ port }) => port)));
  return (["accept", "syn"] as const).flatMap((queue) => ports.map((port) => queueFigure(summary, queue, port)));
}

function queueFigure(summary: ExperimentSummary, queue: QueueName, port: number): Figure {
  const { title, caption } = QUEUES[queue];
  const limits = summary.tunings.map((tuning) => capacities(tuning, queue, port));
  const lines = summary.tunings.flatMap((tuning, index) => [
    ...limitLines(limits, index, summary.duration_s),
    ...queueLines(tuning, index, queue, port),
  ]);
  return {
    id: `${queue}-queue-${port}`,
    title: `${title} of port ${port}`,
    caption: `${caption} ${FAR} ${ONE_SEED}`,
    ...{ unit: "entries", kind: "time", steps: [], endS: summary.duration_s, logarithmic: false },
    whenEmpty: "Nobody listened on this port.",
    panels: [{ tuning: null, lines }],
    legend: tuningLegend(summary, (index) => limitNote(limits[index] ?? [])),
  };
}

const listenersOf = (tuning: TuningSummary, port: number): ListenerSummary[] =>
  tuning.listeners.filter((listener) => listener.port === port);

const capacities = (tuning: TuningSummary, queue: QueueName, port: number): number[] =>
  distinct(
    listenersOf(tuning, port).map(
      ({ accept_queue, syn_queue }) => (queue === "accept" ? accept_queue : syn_queue).capacity,
    ),
  );

const limitNote = (limits: readonly number[]): string | null =>
  limits.length === 0 ? "does not listen" : `limit ${limits.map(countText).join(", ")}`;

/** A limit that an earlier tuning has too is drawn once, with the first. */
function limitLines(limits: readonly (readonly number[])[], index: number, endS: number): Line[] {
  const sharing = (limit: number): number[] => limits.flatMap((of, other) => (of.includes(limit) ? [other] : []));
  return (limits[index] ?? [])
    .filter((limit) => sharing(limit)[0] === index)
    .map((limit) => {
      const isShared = sharing(limit).length > 1;
      return {
        label: `limit ${countText(limit)}`,
        colour: isShared ? "--limit" : tuningStyle(index).colour,
        dash: "short",
        toggles: isShared ? [] : [tuningToggle(index)],
        ...{ x: [0, endS], y: [limit, limit], stepped: false, isLimit: true },
      };
    });
}

/** Several listeners share a port by SO_REUSEPORT: a line each. */
function queueLines(tuning: TuningSummary, index: number, queue: QueueName, port: number): Line[] {
  const own = tuning.lines.queues.filter((line) => line.port === port);
  return own.map((line, number) => ({
    label: own.length > 1 ? `${tuning.name}, listener ${number + 1}` : tuning.name,
    ...tuningStyle(index),
    toggles: [tuningToggle(index)],
    ...{ x: tuning.lines.at_s, y: line[queue], stepped: false, isLimit: false },
  }));
}

export function clientFigures(summary: ExperimentSummary): Figure[] {
  const names = distinct(summary.tunings.flatMap(({ clients }) => clients.map(({ name }) => name)));
  return [
    ...names.map((name, index) => perSecondFigure(summary, name, `clients-${index + 1}`)),
    ...names
      .map((name, index) => combFigure(summary, name, `comb-${index + 1}`))
      .filter(({ steps }) => steps.length > 0),
  ];
}

function perSecondFigure(summary: ExperimentSummary, name: string, id: string): Figure {
  const tried = summary.tunings.map((tuning) => perSecondLine(tuning, name, "attempts", summary.duration_s));
  const isSame = new Set(tried.map((line) => JSON.stringify(line))).size === 1;
  const lines = summary.tunings.flatMap((tuning, index): Line[] => {
    const attempts = tried[index] ?? null;
    const established = perSecondLine(tuning, name, "established", summary.duration_s);
    const style = tuningStyle(index);
    const common = { isLimit: false, stepped: true } as const;
    return [
      ...(attempts === null || (isSame && index > 0)
        ? []
        : [
            {
              ...{ ...common, ...attempts, dash: "dotted" as const },
              label: isSame ? "attempted" : `${tuning.name}, attempted`,
              colour: isSame ? "--limit" : style.colour,
              toggles: isSame ? ["attempted"] : ["attempted", tuningToggle(index)],
            },
          ]),
      ...(established === null
        ? []
        : [{ ...common, ...established, ...style, label: tuning.name, toggles: [tuningToggle(index)] }]),
    ];
  });
  return {
    id,
    title: `Connections per second: ${name}`,
    caption:
      `Connections of ${name} that were established in each second, and (dotted) those that were attempted. ` +
      "Where the full line is below the dotted one, clients wait or are turned away. A burst above it, one, three or seven seconds later, is clients whose SYN was " +
      `sent again. Where users try again, attempts rise when the server fails: look whether they fall back after that. ${ONE_SEED}`,
    ...{ unit: "per second", kind: "time", steps: [], endS: summary.duration_s, logarithmic: false },
    whenEmpty: "No clients.",
    panels: [{ tuning: null, lines }],
    legend: [
      ...tuningLegend(summary),
      {
        toggle: "attempted",
        label: isSame ? "attempted, in all tunings" : "attempted",
        colour: "--limit",
        dash: "dotted",
      },
    ],
  };
}

/** Per second, whatever the width of the bins; the last bin is as long as the run lets it be. Counts end where nothing more comes. */
function perSecondLine(
  { lines }: TuningSummary,
  name: string,
  what: "attempts" | "established",
  endS: number,
): Pick<Line, "x" | "y"> | null {
  const counts = lines.per_second.find((workload) => workload.name === name)?.[what];
  if (counts === undefined) return null;
  const starts = Array.from({ length: Math.ceil(endS / lines.second_s) }, (_, bin) => bin * lines.second_s);
  const rates = starts.map((start, bin) => (counts[bin] ?? 0) / Math.min(lines.second_s, endS - start));
  return { x: [...starts, endS], y: [...rates, rates[rates.length - 1] ?? 0] };
}

/** Bars that differ more than this are drawn on a logarithmic scale, else the small ones, which the figure is about, could not be seen. */
const LARGE_RATIO = 50;

function combFigure(summary: ExperimentSummary, name: string, id: string): Figure {
  const stepsOf = (tuning: TuningSummary) => tuning.clients.find((clients) => clients.name === name)?.steps ?? [];
  const longest = summary.tunings.map(stepsOf).reduce((most, steps) => (steps.length > most.length ? steps : most), []);
  const lines = summary.tunings.map(
    (tuning, index): Line => ({
      label: tuning.name,
      ...tuningStyle(index),
      toggles: [tuningToggle(index)],
      x: longest.map((_, step) => step),
      y: longest.map((_, step) => stepsOf(tuning)[step]?.established.mean ?? 0),
      ...{ stepped: false, isLimit: false },
    }),
  );
  const heights = lines.flatMap(({ y }) => y.filter((value) => value !== null && value > 0)) as number[];
  return {
    id,
    title: `Comb of connect latencies: ${name}`,
    caption:
      `Connections of ${name}, mean over the seeds, by the SYN that let them in: the first at 0 s, and its retransmissions about so many seconds after connect(). ` +
      "Lost handshakes do not make all clients a little slower, they make some wait whole steps: look for the bars right of 0 s. " +
      "With a logarithmic scale a bar that is one line lower is a tenth.",
    ...{ unit: "connections", kind: "comb", endS: summary.duration_s },
    steps: longest.map(({ at_s }) => secondsText(at_s)),
    logarithmic: Math.max(...heights, 0) > LARGE_RATIO * Math.min(...heights),
    whenEmpty: "Nobody connected.",
    panels: [{ tuning: null, lines }],
    legend: tuningLegend(summary),
  };
}
