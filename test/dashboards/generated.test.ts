/**
 * Goal    /dashboards is what today's builders make, and what they make survives the way through JSON whole.
 * Method  The builders are checked by the SDK's types when this compiles; here their output against the files.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allDashboards, dashboardText } from "../../src/dashboards/all.ts";
import { dashboardFiles } from "../../src/generate/dashboard-files.ts";
import { fileNames } from "./files.ts";

const built = allDashboards();

test("there are no other files", () => {
  expect(fileNames()).toEqual([...built.keys()].sort());
});

test.each([...dashboardFiles()])("%s is current (else: npm run docs:dashboards)", (path, text) => {
  expect(readFileSync(path, "utf8")).toBe(text);
});

/** The SDK marks queries as such by a function; nothing else may be other than data. */
const MARK = "_implementsDataqueryVariant";

function withoutMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarks);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== MARK)
      .map(([key, inner]) => [key, withoutMarks(inner)]),
  );
}

test.each([...built])("%s is plain data: nothing of it is lost in JSON", (_file, dashboard) => {
  expect(JSON.parse(dashboardText(dashboard))).toStrictEqual(withoutMarks(dashboard));
});
