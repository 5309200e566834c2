/** What `replay` prints for people: the agreement and what disagrees, or the main numbers where there is nothing to compare. */
import {
  type AgreementRow,
  agreementRatio,
  countAgreement,
  describeRow,
  type Recording,
  type Scenario,
} from "../index.ts";
import { formatTable } from "./table.ts";

export interface Replay {
  readonly scenario: Scenario;
  readonly seeds: readonly number[];
  /** Wall-clock time of the simulation alone. */
  readonly wallS: number;
  readonly summary: Recording["summary"];
  /** null: there is no recording beside the scenario. */
  readonly rows: readonly AgreementRow[] | null;
}

export function replayReport(replays: readonly Replay[]): string {
  const compared = replays.filter(isCompared);
  const others = replays.filter((replay) => !isCompared(replay));
  const parts = [
    ...(compared.length > 0 ? [agreementTable(compared), disagreementTable(compared)] : []),
    ...others.map(mainNumbers),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

type Compared = Replay & { readonly rows: readonly AgreementRow[] };

const isCompared = (replay: Replay): replay is Compared => replay.rows !== null;

function agreementTable(compared: readonly Compared[]): string {
  const line = (name: string, runs: number, replays: readonly Compared[]): (string | number)[] => {
    const count = countAgreement(replays.flatMap(({ rows }) => rows));
    return [name, runs, `${count.agree}/${count.total}`, agreementRatio(count).toFixed(3), speed(replays)];
  };
  const rows = compared.map((replay) => line(replay.scenario.name, replay.seeds.length, [replay]));
  const all = line("all", sum(compared.map(({ seeds }) => seeds.length)), compared);
  const header = ["scenario", "seeds", "agreement", "ratio", "simulated s per s"];
  return formatTable(header, compared.length > 1 ? [...rows, all] : rows);
}

/** Simulated seconds, of all runs together, per second of wall-clock time. */
const speed = (replays: readonly Replay[]): number =>
  Math.round(
    sum(replays.map(({ scenario, seeds }) => scenario.duration_s * seeds.length)) /
      sum(replays.map(({ wallS }) => wallS)),
  );

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function disagreementTable(compared: readonly Compared[]): string {
  const wrong = compared.flatMap(({ scenario, rows }) =>
    rows.filter((row) => !row.agrees).map((row) => [scenario.name, row.name, describeRow(row)]),
  );
  return wrong.length === 0 ? "" : formatTable(["disagrees", "value", "model, kernel"], wrong);
}

/** What clients got and what the server counted: mean and range over the runs. */
function mainNumbers({ scenario, seeds, summary }: Replay): string {
  const { workloads = {}, server_counters = {} } = summary;
  const title = `${scenario.name}: ${scenario.duration_s} s, ${seeds.length} runs, seeds from ${seeds[0]}\n`;
  return `${title}${formatTable(["value", "mean", "least", "most"], [...leaves(workloads), ...leaves(server_counters)])}`;
}

/** [path, mean, min, max] of every number of a summary. */
function leaves(summary: unknown, path: readonly string[] = []): (string | number)[][] {
  if (Array.isArray(summary)) return [[path.join("."), ...(summary as number[])]];
  return Object.entries(summary as object).flatMap(([key, child]) => leaves(child, [...path, key]));
}
