/**
 * Goal    The committed description is today's, and names what there is.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ROUTES } from "../../src/daemon/routes.ts";
import { metricsDocument } from "../../src/generate/metrics-document.ts";
import { openApiText } from "../../src/generate/openapi-text.ts";

test("docs/openapi.json is current (else: npm run docs:api)", () => {
  expect(readFileSync("docs/openapi.json", "utf8")).toBe(openApiText());
});

test("docs/metrics.md is current (else: npm run docs:api)", () => {
  expect(readFileSync("docs/metrics.md", "utf8")).toBe(metricsDocument());
});

test("every reference leads somewhere, every operation has a name of its own, every route says what it gives", () => {
  const document = JSON.parse(openApiText());
  const schemas = Object.keys(document.components.schemas);
  for (const [, name] of openApiText().matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(schemas).toContain(name);
  const ids = [...openApiText().matchAll(/"operationId": "(\w+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ROUTES.length);
  for (const { path, answers } of ROUTES) expect(Object.keys(answers).length, path).toBeGreaterThan(0);
});
