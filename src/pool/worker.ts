/**
 * Worker: what a thread of the pool executes.
 *
 * `--no-use-osr` has to be set before the engine is loaded, hence the import below is a dynamic one. With on-stack
 * replacement V8 on Node 20 optimises the event loop too early in about one run of eight, before a branch was seen, and then
 * stays three times slower for good. The engine is built for it: its outer loop is cut into short calls.
 */
import { setFlagsFromString } from "node:v8";
import type { RunFailure, Task, TaskAnswer } from "./task.ts";

setFlagsFromString("--no-use-osr");
// Room for the path of a segment to be inlined from end to end (the default is 920): 5 to 10 % of the engine's time.
setFlagsFromString("--max-inlined-bytecode-size-cumulative=4000");
const { run } = await import("../engine/run.ts");

/**
 * Runs the task. The results are copied to the caller, not moved: moving detaches their buffers, and from the first detached buffer on V8
 * checks every access to a typed array of this thread (its "array buffer detaching" protector). That costs 15 % of all later runs, a
 * copy half a millisecond.
 */
export default function runTask({ specs }: Task): TaskAnswer {
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
  return { buffers, failure };
}

function describe(index: number, error: unknown): RunFailure {
  if (!(error instanceof Error)) return { index, message: String(error), stack: "", isLimit: false };
  // The engine is a bundle with a class of its own: the name tells.
  return { index, message: error.message, stack: error.stack ?? "", isLimit: error.name === "LimitError" };
}
