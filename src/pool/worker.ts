/**
 * Worker: what a thread of the pool executes.
 *
 * `--no-use-osr` has to be set before the engine is loaded, hence the import below is a dynamic one. With on-stack
 * replacement V8 on Node 20 optimises the event loop too early in about one run of eight, before a branch was seen, and then
 * stays three times slower for good. The engine is built for it: its outer loop is cut into short calls.
 */
import { setFlagsFromString } from "node:v8";
import { move, transferableSymbol, valueSymbol } from "piscina";
import type { RunFailure, Task, TaskAnswer } from "./task.ts";

setFlagsFromString("--no-use-osr");
// Room for the path of a segment to be inlined from end to end (the default is 920): 5 to 10 % of the engine's time.
setFlagsFromString("--max-inlined-bytecode-size-cumulative=4000");
const { run } = await import("../engine/run.ts");

/** Runs the task. The results' memory moves to the caller, it is not copied. */
export default function runTask({ specs }: Task): unknown {
  const buffers: ArrayBuffer[] = [];
  let failure: RunFailure | null = null;
  for (const [index, spec] of specs.entries()) {
    try {
      buffers.push(run(spec).buffer);
    } catch (error) {
      failure = describe(index, error);
      break;
    }
  }
  const answer: TaskAnswer = { buffers, failure };
  return move({ [transferableSymbol]: buffers, [valueSymbol]: answer } as never);
}

function describe(index: number, error: unknown): RunFailure {
  if (error instanceof Error) return { index, message: error.message, stack: error.stack ?? "" };
  return { index, message: String(error), stack: "" };
}
