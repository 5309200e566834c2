/**
 * Goal    The same verdicts as compare.py, value by value: it is the definition of agreement.
 * Method  Each recording is compared with its own first run, and with that run disturbed in several ways. The verdicts of
 *         compare.py on these cases are kept in test/recordings/agreement.golden.json; where compare.py itself and python3
 *         are at hand, they are asked again, and every row is compared (UPDATE_GOLDEN=1 then also writes the file).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  type AgreementRow,
  agreementRatio,
  compare,
  countAgreement,
  describeRow,
} from "../../src/results/agreement.ts";
import type { Recording } from "../../src/results/recording-format.ts";
import { readRecording, recordingNames, recordingsUrl } from "./recordings.ts";

const goldenUrl = new URL("agreement.golden.json", recordingsUrl);
const compareDir = fileURLToPath(new URL("../../../shared/groundtruth/", import.meta.url));

interface Verdicts {
  readonly recording: string;
  readonly disturbance: string;
  readonly total: number;
  readonly disagree: readonly string[];
}

type Json = { [key: string]: Json } | Json[] | number | string | boolean | null;

/** Replaces every number below `keys`, in place. */
function mapNumbers(value: Json | undefined, change: (n: number) => number): void {
  if (value === null || typeof value !== "object") return;
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === "number") (value as { [key: string]: Json })[key] = change(child);
    else mapNumbers(child, change);
  }
}

const sections = (run: Json): { [key: string]: Json } => run as { [key: string]: Json };
const children = (value: Json | undefined): Json[] => Object.values((value ?? {}) as { [key: string]: Json });

/** What is done to the first run of a recording before it is compared. Each crosses other boundaries of the rules. */
const disturbances: Record<string, (run: { [key: string]: Json }) => void> = {
  "as recorded": () => {},
  "all counts plus 2": (run) => {
    for (const key of ["server_counters", "client_counters", "wire_at_server"]) mapNumbers(run[key], (n) => n + 2);
  },
  "all counts plus 3": (run) => {
    for (const key of ["server_counters", "client_counters", "wire_at_server"]) mapNumbers(run[key], (n) => n + 3);
  },
  "everything 3.1 % up": (run) => mapNumbers(run, (n) => n * 1.031),
  "everything 10 % down": (run) => mapNumbers(run, (n) => n * 0.9),
  "latencies 5.5 ms up": (run) => {
    for (const workload of children(run.workloads).map(sections)) {
      for (const key of ["connect_latency_ms", "response_latency_ms"]) mapNumbers(workload[key], (n) => n + 5.5);
    }
  },
  "a workload more, a workload less": (run) => {
    const workloads = sections(run.workloads as Json);
    const [first] = Object.keys(workloads);
    workloads.stranger = { attempted: 7, established: 7, established_by_syn_retransmits: [3, 4] };
    delete workloads[first as string];
  },
  "time lines cut short, retransmissions in one more class": (run) => {
    for (const line of children(run.timeline)) if (Array.isArray(line)) line.length = line.length >> 1;
    for (const workload of children(run.workloads).map(sections)) {
      for (const key of ["established_by_syn_retransmits", "failed_by_syn_retransmits"]) {
        if (Array.isArray(workload[key])) workload[key].push(11);
      }
    }
  },
  "nothing happened": (run) => {
    for (const key of Object.keys(run)) run[key] = key === "timeline" ? { t_s: [], accept_queue: [] } : {};
  },
};

const cases = recordingNames.flatMap((recording) =>
  Object.keys(disturbances).map((disturbance) => ({ recording, disturbance })),
);

function disturbed(recording: string, disturbance: string): Recording {
  const whole = readRecording(recording);
  const run = structuredClone(whole.runs[0]) as unknown as { [key: string]: Json };
  disturbances[disturbance]!(run);
  return { ...whole, runs: [run as never] };
}

const rowsOf = ({ recording, disturbance }: (typeof cases)[number]): AgreementRow[] =>
  compare(disturbed(recording, disturbance), readRecording(recording));

const verdictsOf = (c: (typeof cases)[number], rows: readonly { name: string; agrees: boolean }[]): Verdicts => ({
  ...c,
  total: rows.length,
  disagree: rows.filter((row) => !row.agrees).map((row) => row.name),
});

describe("agreement", () => {
  test("gives the verdicts of compare.py that are kept with the recordings", () => {
    const golden = JSON.parse(readFileSync(goldenUrl, "utf8")) as Verdicts[];
    expect(cases.map((c) => verdictsOf(c, rowsOf(c)))).toEqual(golden);
  });

  test.runIf(canAskComparePy())("equals compare.py row by row", () => {
    const answers = askComparePy();
    for (const [index, c] of cases.entries()) {
      const rows = rowsOf(c);
      const theirs = answers[index]!;
      expect(rows.map((row) => [row.name, row.agrees])).toEqual(theirs.map(([name, agrees]) => [name, agrees]));
      for (const [i, row] of rows.entries()) expectSameText(row, theirs[i]![2]);
    }
    if (process.env.UPDATE_GOLDEN === "1") {
      const verdicts = cases.map((c, i) =>
        verdictsOf(
          c,
          answers[i]!.map(([name, agrees]) => ({ name, agrees })),
        ),
      );
      writeFileSync(goldenUrl, `[\n${verdicts.map((v) => JSON.stringify(v)).join(",\n")}\n]\n`);
    }
  });

  test("counts what agrees", () => {
    const rows = rowsOf({ recording: "01-baseline", disturbance: "as recorded" });
    const count = countAgreement(rows);
    expect(count).toEqual({ agree: rows.length, total: rows.length });
    expect(agreementRatio(count)).toBe(1);
    expect(agreementRatio({ agree: 0, total: 0 })).toBe(0);
  });
});

function canAskComparePy(): boolean {
  if (!existsSync(join(compareDir, "compare.py"))) return false;
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** [name, agrees, text] of every row of every case, from one python process. */
function askComparePy(): [name: string, agrees: boolean, text: string][][] {
  const dir = mkdtempSync(join(tmpdir(), "agreement-"));
  try {
    const pairs = cases.map(({ recording, disturbance }, index) => {
      const model = join(dir, `${index}.json`);
      writeFileSync(model, JSON.stringify(disturbed(recording, disturbance)));
      return [model, fileURLToPath(new URL(`${recording}.result.json`, recordingsUrl))];
    });
    writeFileSync(join(dir, "pairs.json"), JSON.stringify(pairs));
    const program = `import json, sys
sys.path.insert(0, sys.argv[1])
import compare
load = lambda path: json.load(open(path))
print(json.dumps([[[n, bool(ok), t] for n, ok, t in compare.compare(load(a), load(b))] for a, b in load(sys.argv[2])]))`;
    const out = execFileSync("python3", ["-B", "-c", program, compareDir, join(dir, "pairs.json")], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    return JSON.parse(out);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const numbersIn = (text: string): number[] => (text.match(/-?\d+(\.\d+)?(e[+-]\d+)?/g) ?? []).map(Number);

/** The same numbers; in the last printed digit Python and JavaScript may round one half to different sides. */
function expectSameText(row: AgreementRow, theirs: string): void {
  const values = numbersIn(theirs);
  const lastDigits = row.kind === "line" ? [0.11, 0.11, 1] : values.map((value) => Math.abs(value) * 1.1e-5);
  const differences = numbersIn(describeRow(row)).map((value, i) => Math.abs(value - values[i]!));
  expect(differences.length).toBe(values.length);
  for (const [i, difference] of differences.entries()) expect(difference).toBeLessThanOrEqual(lastDigits[i]!);
}
