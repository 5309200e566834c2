/**
 * The thread of all paced runs.
 *
 * It is one thread, so that jobs keep theirs, and it works in slices, between which it hears what is asked of it.
 */
import { parentPort } from "node:worker_threads";
import { awaitCompiler } from "./compiler.ts";
import { setEngineFlags } from "./engine-flags.ts";
import { GIVE_WAY, giveWay } from "./give-way.ts";
import type { PacedCommand } from "./paced-task.ts";

setEngineFlags();
const { Pacer } = await import("./pacer.ts");

/** Wall-clock time that a slice covers at most, and between two looks at the clock when there is nothing to do. */
const SLICE_MS = 100;
const REST_MS = 50;
/** Between two moments that are told. */
const TELL_MS = 1_000;
/** The first one is told sooner: who has just started wants to see something. */
const FIRST_TELL_MS = 250;

giveWay(GIVE_WAY.Paced);

const pacers = new Map<string, { readonly pacer: InstanceType<typeof Pacer>; toldMs: number }>();

parentPort?.on("message", (command: PacedCommand) => {
  if (command.kind === "end") end();
  else if (command.kind === "stop") pacers.delete(command.name);
  else if (command.kind === "change") {
    const paced = pacers.get(command.name);
    paced?.pacer.change(command.changes);
    if (paced !== undefined) paced.toldMs = 0;
  } else {
    const now = performance.now();
    pacers.set(command.plan.name, { pacer: new Pacer(command.plan, now), toldMs: now - TELL_MS + FIRST_TELL_MS });
  }
});

function end(): never {
  awaitCompiler();
  process.exit();
}

function work(): void {
  let isBehind = false;
  for (const paced of pacers.values()) {
    isBehind = paced.pacer.advance(performance.now(), SLICE_MS) || isBehind;
    const now = performance.now();
    if (now - paced.toldMs < TELL_MS) continue;
    paced.toldMs = now;
    // Copied, not moved, as results of the pool are (worker.ts).
    parentPort?.postMessage(paced.pacer.moment());
  }
  if (isBehind) setImmediate(work);
  else setTimeout(work, REST_MS);
}
work();
