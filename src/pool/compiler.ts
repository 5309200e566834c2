/**
 * Compiler: V8's background compilation, which must be at rest when a thread ends.
 *
 * Node 20 takes leave of a thread's heap before V8 has stopped compiling for it; a compilation that then asks for a garbage collection aborts the whole
 * process (`NodePlatform::ForIsolate`, node_platform.cc).
 */
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";

/** What the largest functions of the engine take to compile, with a core to themselves; ms. */
const REST_MS = 50;

let ending = 0;

/** Does `end` when nothing is compiled in the background, as far as can be told: V8 has no word for it, so what is under way gets REST_MS. */
export async function withCompilerAtRest(end: () => Promise<unknown>): Promise<void> {
  if (ending++ === 0) setFlagsFromString("--no-concurrent-recompilation");
  try {
    await setTimeout(REST_MS);
    await end();
  } finally {
    if (--ending === 0) setFlagsFromString("--concurrent-recompilation");
  }
}
