/**
 * The process that a library is measured in: `runner.js <address of the library's index.js>`. Reads jobs and answers over IPC.
 *
 * Method  The public library with default options and one warm thread; what counts is the time of one simulateScenario() call.
 */
import { createHash } from "node:crypto";

type Library = typeof import("../src/index.ts");

export interface Job {
  /** A scenario, as text: each library parses it by its own rules. */
  readonly text: string;
  readonly engine: "auto" | "packet";
}

export interface Measured {
  readonly wallS: number;
  /** Hash of the result: it must not change when only speed was meant to change. */
  readonly checksum: string;
  /** Attempts of clients. */
  readonly connections: number;
}

const library = (await import(process.argv[2] ?? "")) as Library;
await library.warmPool(1);

async function measure({ text, engine }: Job): Promise<Measured> {
  const parsed = library.parseScenario(text);
  if (!parsed.ok) throw new Error(library.formatIssues("scenario", parsed.error));
  const { scenario } = parsed.value;
  const startedMs = performance.now();
  const { specs, results } = await library.simulateScenario(scenario, { engine, workers: 1 });
  const wallS = (performance.now() - startedMs) / 1000;
  const [spec, result] = [specs[0]!, results[0]!];
  const checksum = createHash("sha256").update(new Uint8Array(result.buffer)).digest("hex").slice(0, 8);
  const view = new library.RunView(spec, result);
  const kinds = scenario.workloads.map(({ kind }) => kind);
  const attempted = kinds.map((kind, w) => (kind === "connections" ? view.workloadField(w, "attempted") : 0));
  return { wallS, checksum, connections: attempted.reduce((sum, n) => sum + n, 0) };
}

process.on("message", (job: Job) => {
  const failed = (error: unknown): { readonly error: string } => ({ error: String(error) });
  void measure(job)
    .catch(failed)
    .then((answer) => process.send?.(answer));
});
process.send?.("ready");
