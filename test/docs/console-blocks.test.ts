import { expect, test } from "vitest";
import { firstMissing } from "./console-blocks.ts";

test("a line that is not printed is seen, and so is one that is not shown", () => {
  expect(firstMissing(["a", "...", "c"], ["a", "b", "c"])).toBeNull();
  expect(firstMissing(["a", "c"], ["a", "b", "c"])).toBe("c");
  expect(firstMissing(["a", "...", "d"], ["a", "b", "c"])).toBe("d");
  expect(firstMissing(["a", "b"], ["a", "b", "c"])).toBe("c (which is not shown)");
  expect(firstMissing(["x 4 31/31 1.000 94"], ["x 4 31/31 1.000 935"])).toBeNull();
  expect(firstMissing(["x 4 31/31 1.000 94"], ["x 4 30/31 0.968 94"])).not.toBeNull();
});
