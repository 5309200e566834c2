/** Goal: docs/fidelity.md is what the model says today, and its table of reasons has no row that nothing needs. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("the fidelity page is current (npm run docs:fidelity)", () => {
  const { status, stderr } = spawnSync(process.execPath, ["dist/generate/fidelity.js", "--check"], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
