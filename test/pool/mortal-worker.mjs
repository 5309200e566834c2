/**
 * A worker that dies of some runs: the seed says which. 666 always takes the thread with it, 13 only when the file that HALFOPEN_TEST_ONCE names is not there
 * yet, 99 hangs and reads no flag. All others go to the real worker.
 */
import { existsSync, writeFileSync } from "node:fs";
import runTask from "../../dist/pool/worker.js";

export default function mortalTask(task) {
  for (const { spec } of task.jobs) {
    if (spec.seed === 666) process.exit(1);
    if (spec.seed === 99) for (;;);
    const once = process.env.HALFOPEN_TEST_ONCE ?? "";
    if (spec.seed === 13 && !existsSync(once)) {
      writeFileSync(once, "died");
      process.exit(1);
    }
  }
  return runTask(task);
}
