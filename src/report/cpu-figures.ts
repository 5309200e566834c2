/** Figures of the server's CPUs: what waits for them, and how much of their time packets take. None where CPUs take no time. */
import type { ExperimentSummary, TuningSummary } from "../results/summary-format.ts";
import { tuningStyle } from "./colours.ts";
import { type Figure, type Line, tuningLegend, tuningToggle } from "./figure.ts";

const ONE_SEED = "First seed only; the tables have all seeds.";

export function cpuFigures(summary: ExperimentSummary): Figure[] {
  if (summary.tunings.every(({ lines }) => lines.cpus.length === 0)) return [];
  const most = (values: readonly number[]): number => Math.max(0, ...values);
  return [
    figure(summary, {
      id: "cpu-waiting",
      title: "Packets that wait for a CPU",
      caption:
        "Packets in the ring or backlog of the CPU that has most of them, at each sample. A line that does not fall is a CPU that gets more than it can do: " +
        "then a longer queue only makes all wait.",
      unit: "packets",
      of: ({ waiting }) => waiting,
      join: most,
    }),
    figure(summary, {
      id: "cpu-softirq",
      title: "CPU time that packets take",
      caption:
        "Share of the time since the last sample that the receive softirq had, of the busiest CPU. Where an application shares the CPUs, this goes before it.",
      unit: "share",
      of: ({ softirq_ratio }) => softirq_ratio,
      join: most,
    }),
  ];
}

interface Wanted extends Pick<Figure, "id" | "title" | "caption" | "unit"> {
  readonly of: (cpu: TuningSummary["lines"]["cpus"][number]) => readonly number[];
  readonly join: (ofCpus: readonly number[]) => number;
}

function figure(summary: ExperimentSummary, { of, join, caption, ...wanted }: Wanted): Figure {
  const lines = summary.tunings.flatMap(({ name, lines: { at_s, cpus } }, index): Line[] =>
    cpus.length === 0
      ? []
      : [
          {
            ...tuningStyle(index),
            label: name,
            toggles: [tuningToggle(index)],
            ...{ x: at_s, y: at_s.map((_, k) => join(cpus.map((cpu) => of(cpu)[k] ?? 0))) },
            ...{ stepped: false, isLimit: false },
          },
        ],
  );
  return {
    ...wanted,
    caption: `${caption} ${ONE_SEED}`,
    ...{ kind: "time", steps: [], endS: summary.duration_s, logarithmic: false },
    whenEmpty: "CPUs take no time.",
    panels: [{ tuning: null, lines }],
    legend: tuningLegend(summary),
  };
}
