/**
 * JSON Schema (draft-07) of the files that a user writes, for editors: made from the zod schemas, so that both say the same.
 *
 * Added   What the schemas leave to other checks: sysctls from TUNABLES, kernels as numbers, traces as paths, overrides by key path.
 *         Rules between keys are in no JSON Schema; `halfopen check` knows them.
 */
import { z } from "zod";
import { DEFAULT_KERNEL, KERNELS } from "../vocabulary/kernels.ts";
import { defaultFor, TUNABLE_NAMES, TUNABLES, type TunableDef, type TunableName } from "../vocabulary/tunables.ts";
import { daemonSchema } from "./daemon-config.ts";
import {
  axesSchema,
  experimentSchema,
  MAX_TUNINGS,
  profileSchema,
  scenarioOrPathSchema,
  tuningsSchema,
} from "./experiment-schema.ts";
import { NAME_PATTERN } from "./fields.ts";
import { kernelSchema, scenarioSchema, sysctlsSchema, traceSchema } from "./schema.ts";

type Json = z.core.JSONSchema.JSONSchema;

/** File name → its text. */
export function schemaTexts(): Readonly<Record<string, string>> {
  const files = Object.entries(jsonSchemas());
  return Object.fromEntries(files.map(([file, schema]) => [file, `${JSON.stringify(schema, null, 2)}\n`]));
}

/** File name → schema. */
export const jsonSchemas = (): Readonly<Record<string, Json>> => ({
  "scenario.schema.json": titled("halfopen scenario", scenarioSchema),
  "experiment.schema.json": titled("halfopen experiment", experimentSchema),
  "tunings.schema.json": titled("halfopen profile: tunings for experiments", profileSchema),
  "daemon.schema.json": titled("halfopen serve: settings of the daemon", daemonSchema),
});

function titled(title: string, schema: z.ZodType): Json {
  return { $schema: "http://json-schema.org/draft-07/schema#", title, ...toJson(schema) };
}

function toJson(schema: z.ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      const added = ADDED.get(zodSchema);
      if (added) replace(jsonSchema, added({ ...jsonSchema }));
    },
  });
  return json as Json;
}

/** Schemas → what JSON Schema says of them in place of what zod makes of them. */
const ADDED = new Map<unknown, (made: Json) => Json>([
  [kernelSchema, kernel],
  [sysctlsSchema, sysctls],
  [traceSchema, trace],
  [scenarioOrPathSchema, scenarioOrPath],
  [tuningsSchema, tunings],
  [axesSchema, axes],
]);

/** Its description and default stay. */
function replace(target: Json, by: Json): void {
  for (const key of Object.keys(target)) if (key !== "description" && key !== "default") delete target[key];
  Object.assign(target, by);
}

function kernel(): Json {
  const modelled = KERNELS.filter(({ supported }) => supported).map(({ name }) => name);
  return { type: ["string", "number"], examples: modelled };
}

function sysctls(): Json {
  const properties = Object.fromEntries(TUNABLE_NAMES.map((name) => [name, sysctl(name)]));
  return { type: "object", properties, additionalProperties: false };
}

function sysctl(name: TunableName): Json {
  const { meaning, type, modelled }: TunableDef = TUNABLES[name];
  const byDefault = defaultFor(name, DEFAULT_KERNEL);
  const values = byDefault === null ? `not in ${DEFAULT_KERNEL}` : `default ${byDefault === "" ? "empty" : byDefault}`;
  const notModelled = modelled === false ? "; other values are not modelled yet" : "";
  const description = `${meaning} (${type.unit}; ${values}${notModelled})`;
  if (type.kind === "int" || type.kind === "enum") {
    return { description, type: "integer", minimum: type.min, maximum: type.max };
  }
  if (type.kind === "range") return { description, type: ["string", "array"] };
  return { description, type: type.kind === "list" ? ["string", "integer", "array"] : ["string", "number"] };
}

const path = (of: string): Json => ({ type: "string", description: `Path of ${of}, seen from this file.` });

function trace(made: Json): Json {
  return { anyOf: [made, path("a CSV file with lines time_s,rate_per_s")] };
}

function scenarioOrPath(): Json {
  return { anyOf: [toJson(scenarioSchema), path("a scenario")] };
}

const orNull = ({ type = [], ...schema }: Json): Json => ({ ...schema, type: [type, "null" as const].flat() });

/** Keys are key paths; the sysctls that an editor can complete are named. */
function axes(): Json {
  const value: Json = { type: ["number", "string", "boolean", "null"] };
  const values: Json = {
    anyOf: [value, { type: "array", items: value, minItems: 1 }],
    description: "A list of values, or text: VALUE,VALUE,... with FROM..TO:COUNT or FROM..TO:logCOUNT for a range.",
  };
  const named = TUNABLE_NAMES.map((name): [string, Json] => [`server.sysctls.${name}`, values]);
  return { type: "object", properties: Object.fromEntries(named), additionalProperties: values };
}

/** Keys may be key paths, so any are allowed; those that an editor can complete are named. */
function tunings(): Json {
  const paths = TUNABLE_NAMES.map((name): [string, Json] => [`server.sysctls.${name}`, orNull(sysctl(name))]);
  const override: Json = {
    type: ["object", "null"],
    description:
      "What differs from the scenario, as maps or key paths (server.listeners.80.backlog); null takes a key away.",
    properties: {
      kernel: orNull({ description: "Kernel of the server.", ...kernel() }),
      ...Object.fromEntries(paths),
    },
  };
  return {
    type: ["object", "null"],
    propertyNames: { pattern: NAME_PATTERN.source },
    maxProperties: MAX_TUNINGS,
    additionalProperties: override,
  };
}
