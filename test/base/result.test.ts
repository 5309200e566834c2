/** Goal: values that fail are values, broken invariants throw. */
import { expect, test } from "vitest";
import { AssertionError, assert, unreachable } from "../../src/base/assert.ts";
import { err, ok, type Result } from "../../src/base/result.ts";

test("a result says which it is", () => {
  const results: Result<number, string>[] = [ok(1), err("why")];
  expect(results.map((result) => (result.ok ? result.value : result.error))).toEqual([1, "why"]);
});

test("a broken invariant throws its message", () => {
  expect(() => assert(true, "fine")).not.toThrow();
  expect(() => assert(false, "row 3 is closed twice")).toThrow(new AssertionError("row 3 is closed twice"));
});

test("a value that the types rule out throws", () => {
  expect(() => unreachable("other" as never)).toThrow('unexpected value: "other"');
});
