/** Goal  Which file a name means: the user's own first, then the shipped one; paths are never looked up. */
import { describe, expect, test } from "vitest";
import { resolveExperiment, shippedHint, shippedNames, storyNames } from "../../src/cli/shipped.ts";

describe("a name means", () => {
  const rows = [
    ["retry-storm", /\/config\/experiments\/retry-storm\.yaml$/, "the shipped experiment"],
    ["giving-up", /\/config\/stories\/giving-up\.yaml$/, "the story"],
    ["retry-storm.yaml", /^retry-storm\.yaml$/, "a path where it has an ending"],
    ["./retry-storm", /^\.\/retry-storm$/, "a path where it has a folder"],
    ["../experiments/retry-storm", /^\.\.\/experiments\/retry-storm$/, "a path, which leads out of nothing"],
    ["nothing-of-this", /^nothing-of-this$/, "itself where nothing has it"],
    ["-", /^-$/, "standard input"],
    ["test", /^test$/, "itself where it is a folder"],
  ] as const;
  for (const [given, expected, why] of rows) {
    test(`${given}: ${why}`, () => expect(resolveExperiment(given)).toMatch(expected));
  }
  test("the user's own file, if there is one", () => {
    expect(resolveExperiment("slow-accept", (path) => path === "slow-accept")).toBe("slow-accept");
  });
});

test("a hint is for names only, and names the nearest and all", () => {
  expect(shippedHint("a/b.yaml")).toBe("");
  expect(shippedHint("test")).toBe("");
  expect(shippedHint("retry-strom")).toContain("did you mean retry-storm?");
  expect(shippedHint("hanshake")).toContain("did you mean handshake?");
  expect(shippedHint("zzz")).toContain(`; stories are ${storyNames().join(", ")}\n`);
  expect(shippedHint("zzz")).toContain(`shipped experiments are ${shippedNames().join(", ")}`);
});

test("no story has the name of an experiment", () => {
  expect(storyNames().length).toBeGreaterThan(3);
  expect(storyNames().filter((name) => shippedNames().includes(name))).toEqual([]);
});
