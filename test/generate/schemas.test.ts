/**
 * Goal    Editors are told what the parser takes: the committed JSON Schemas are those of today, and every shipped file names one.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadExperiment } from "../../src/cli/load-experiment.ts";
import { readNamedFile } from "../../src/cli/read-file.ts";
import { parseDaemonConfig } from "../../src/config/daemon-config.ts";
import { parseExperiment } from "../../src/config/experiment.ts";
import { formatIssues } from "../../src/config/issues.ts";
import { schemaTexts } from "../../src/config/json-schema.ts";
import { TUNABLE_NAMES } from "../../src/vocabulary/tunables.ts";

const FOLDER = "config/schema";
const texts = schemaTexts();

interface Json {
  readonly [key: string]: unknown;
}
const schemaOf = (file: string): Json => JSON.parse(texts[file] ?? "{}") as Json;
const at = (json: unknown, ...path: readonly string[]): Json =>
  path.reduce<Json>((part, key) => part[key] as Json, json as Json);

describe("the committed schemas are current (else: npm run docs:schema)", () => {
  test("there are no others", () => {
    expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(texts).sort());
  });
  for (const [file, text] of Object.entries(texts)) {
    test(file, () => {
      expect(readFileSync(`${FOLDER}/${file}`, "utf8")).toBe(text);
    });
  }
});

/** All maps of properties in a schema, with the path to them. */
function propertiesIn(json: unknown, path = ""): [string, Json][] {
  if (typeof json !== "object" || json === null) return [];
  return Object.entries(json).flatMap(([key, value]): [string, Json][] => {
    const inner = propertiesIn(value, `${path}/${key}`);
    // A key of the user's may be called properties too, but none is.
    return key === "properties" ? [[path, value as Json], ...inner] : inner;
  });
}

test("every key says what it means", () => {
  for (const file of Object.keys(texts)) {
    for (const [path, properties] of propertiesIn(schemaOf(file))) {
      for (const [key, schema] of Object.entries(properties)) {
        expect((schema as Json).description, `${file}${path}/${key}`).toMatch(/\S/);
      }
    }
  }
});

test("what the parser takes beyond its schema, the JSON Schema takes too", () => {
  const scenario = schemaOf("scenario.schema.json");
  expect(at(scenario, "properties", "server", "properties", "kernel").type).toEqual(["string", "number"]);
  const sysctls = at(scenario, "properties", "server", "properties", "sysctls");
  expect(Object.keys(at(sysctls, "properties"))).toEqual(TUNABLE_NAMES);
  expect(sysctls.additionalProperties).toBe(false);
  expect(at(sysctls, "properties", "net.core.somaxconn")).toMatchObject({
    type: "integer",
    minimum: 0,
    maximum: 0x7fffffff,
  });
  expect(texts["scenario.schema.json"]).toContain("Path of a CSV file");
  const experiment = schemaOf("experiment.schema.json");
  const [inline, path] = at(experiment, "properties", "scenario").anyOf as Json[];
  expect(inline?.required).toEqual(scenario.required);
  expect(path?.type).toBe("string");
  const override = at(experiment, "properties", "tunings", "additionalProperties");
  expect(override).toEqual(at(schemaOf("tunings.schema.json"), "properties", "tunings", "additionalProperties"));
  expect(override.type).toEqual(["object", "null"]);
  expect(override.additionalProperties).toBeUndefined();
});

test("what has a default need not be written", () => {
  const scenario = schemaOf("scenario.schema.json");
  expect(scenario.required).toEqual(["duration_s", "server"]);
  expect(at(scenario, "properties", "server", "properties", "listeners", "items").required).toEqual([
    "port",
    "backlog",
  ]);
  expect(schemaOf("experiment.schema.json").required).toEqual(["scenario"]);
});

/** Scenarios, experiments and profiles that are shipped. */
const shipped = readdirSync("config", { recursive: true, encoding: "utf8" })
  // Another program's.
  .filter((file) => file.endsWith(".yaml") && file !== "compose.yaml")
  .map((file) => join("config", file));

test("every shipped file begins with the schema that it follows", () => {
  for (const file of shipped) {
    const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, "utf8")) ?? [];
    expect(existsSync(join(dirname(file), schema)) && schema.endsWith(".schema.json"), `${file}: ${schema}`).toBe(true);
    expect(schema.includes("tunings.schema"), file).toBe(file.includes("profiles"));
  }
});

test("every shipped profile goes with a web server", () => {
  const scenario = "scenario: {duration_s: 1, server: {listeners: [{port: 80, backlog: 511}]}}";
  for (const file of shipped.filter((name) => name.includes("profiles"))) {
    const parsed = parseExperiment(`${scenario}\nprofiles: [${file}]`, readNamedFile);
    expect(parsed.ok ? "" : formatIssues("", parsed.error), file).toBe("");
  }
});

test("every shipped experiment is without a fault", async () => {
  for (const file of shipped.filter((name) => !name.includes("profiles") && !name.includes("deploy"))) {
    const loaded = await loadExperiment(file);
    expect(loaded.ok ? "" : loaded.error.text, file).toBe("");
  }
});

test.each(["halfopen.yaml", "halfopen-demo.yaml"])(
  "the shipped settings of the daemon are without a fault: %s",
  (file) => {
    const parsed = parseDaemonConfig(readFileSync(`config/deploy/${file}`, "utf8"));
    expect(parsed.ok ? "" : formatIssues("", parsed.error)).toBe("");
  },
);
