/** Counts the scavenges of runs that are warm: V8's own words (--trace-gc) about the worker's code (scavenge-run.ts). */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("./scavenge-run.js", import.meta.url));

export interface Scavenges {
  readonly afterWarmUp: number;
  /** Some there must be, or nothing was counted. */
  readonly duringWarmUp: number;
}

/** `text`: the scenario, simulated packet by packet. */
export function countScavenges(text: string): Scavenges {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--trace-gc", "--expose-gc", child], {
    input: text,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`the traced process ended with ${status}: ${stderr}`);
  return parseTrace(stdout);
}

/** A collection that the program itself asked for marks the end of the warm-up, and another the end of the runs. */
export function parseTrace(trace: string): Scavenges {
  const [duringWarmUp, afterWarmUp, ...rest] = trace.split(/^.*: Scavenge .* testing.*$/m).map(scavengesIn);
  if (duringWarmUp === undefined || afterWarmUp === undefined || rest.length !== 1)
    throw new Error(`not the expected trace:\n${trace}`);
  return { duringWarmUp, afterWarmUp };
}

const scavengesIn = (text: string): number => text.split("\n").filter((line) => /: Scavenge /.test(line)).length;
