/**
 * Goal    Nothing is compiled in the background for a thread that ends, which would abort the process in Node 20.
 * Method  V8 says when it has waited for its compiler; each thread that ended by itself has to have done so once.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const execute = promisify(execFile);
const WAITED = /Flushed concurrent recompilation queues. \(mode: blocking\)/g;

async function waits(args: readonly string[]): Promise<number> {
  const { stdout } = await execute(process.execPath, ["--trace-concurrent-recompilation", ...args], {
    maxBuffer: 2 ** 26,
  });
  return stdout.match(WAITED)?.length ?? 0;
}

test.each([
  ["each thread of a pool", ["dist/cli/main.js", "run", "flood-vs-tunings", "--workers", "2"], 2],
  ["the thread of paced runs", ["test/pool/ends-paced.mjs"], 1],
] as const)("%s waits for the compiler before it ends", async (_, args, threads) => {
  expect(await waits(args)).toBe(threads);
});
