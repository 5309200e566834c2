/**
 * V8's flags for the engine, to be set before it is loaded: by each thread that runs simulations. They are the process's, so they hold for the program that
 * uses the library too.
 */
import { setFlagsFromString } from "node:v8";

const FLAGS = [
  // With on-stack replacement V8 on Node 20 optimises the event loop too early in about one run of eight, before a branch was seen, and then stays three
  // times slower for good. The engine is built for it: its outer loop is cut into short calls.
  "--no-use-osr",
  // Room for the path of a segment to be inlined from end to end (the default is 920): 5 to 10 % of the engine's time.
  "--max-inlined-bytecode-size-cumulative=5000",
  // A heap is collected when it has doubled (the default lets it become four times as large): 40 MB less in long sweeps, for no time that could be measured.
  "--heap-growing-percent=100",
];

export function setEngineFlags(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
