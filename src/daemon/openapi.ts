/** OpenAPI 3.1: the table of routes and the schemas → the API's description. */
import { type JsonSchema, SCHEMAS, schemaRef } from "./api-schemas.ts";
import type { Answer, Route } from "./route.ts";

/** What the server answers before a route is asked. */
const COMMON: Readonly<Record<number, string>> = {
  400: "The request, or a parameter of it, is malformed.",
  401: "A bearer token is needed, or is not known.",
  403: "The token may only read, or the request comes from another page.",
  413: "The body is larger than 256 KiB.",
  415: "The body is of another type.",
  421: "The Host header is not one of the daemon's names.",
  503: "Not now; Retry-After says when to ask again.",
};

type Json = Readonly<Record<string, unknown>>;

export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "halfopen",
      version,
      description:
        "Jobs, results and live numbers of a halfopen daemon. Counts are whole numbers; units stand in names.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    components: { schemas: SCHEMAS, securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  };
}

function operation({ method, path, summary, access, params, query, body, answers }: Route): Json {
  return {
    operationId: operationId(method, path),
    summary,
    security: access === "open" ? [] : [{ token: [] }],
    parameters: [...parameters("path", params), ...parameters("query", query)],
    ...(body !== undefined && {
      requestBody: {
        required: true,
        content: Object.fromEntries(body.types.map((type) => [type, { schema: body.schema }])),
      },
    }),
    responses: responses(answers, access !== "open", body !== undefined),
  };
}

/** GET /api/v1/jobs/:id → getJobsId. */
const operationId = (method: string, path: string): string =>
  [method.toLowerCase(), ...path.replace("/api/v1", "").split(/[/:._]+/)]
    .filter((word) => word !== "")
    .map((word, index) => (index === 0 ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`))
    .join("");

interface ObjectSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

function parameters(place: "path" | "query", schema: JsonSchema | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties, required } = schema as unknown as ObjectSchema;
  return Object.entries(properties).map(([name, { description, ...own }]) => ({
    ...{ name, in: place, required: required.includes(name), schema: own },
    ...(description !== undefined && { description }),
  }));
}

function responses(own: Readonly<Record<number, Answer>>, needsToken: boolean, hasBody: boolean): Json {
  const common = Object.entries(COMMON).filter(([status]) => {
    if (status === "401" || status === "403") return needsToken;
    return hasBody || (status !== "413" && status !== "415");
  });
  const answers: Record<string, Json> = {};
  for (const [status, description] of common)
    answers[status] = { description, content: { "application/json": { schema: schemaRef("Error") } } };
  for (const [status, { description, content }] of Object.entries(own)) {
    const types = Object.entries(content).map(([type, schema]) => [type, schema === null ? {} : { schema }]);
    answers[status] = { description, ...(types.length > 0 && { content: Object.fromEntries(types) }) };
  }
  return answers;
}
