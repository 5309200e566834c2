/** Requests for a daemon that are wrong somewhere: half of them valid ones with one mutation. Drawn from a seed. */
import { request } from "node:http";
import fc from "fast-check";
import { LONG, SMALL } from "./running.ts";

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JOB = "000000000aaaaaaaaaa";
const valid: readonly FuzzRequest[] = [
  {
    method: "POST",
    path: "/api/v1/jobs?engine=auto&name=fuzz",
    headers: { "content-type": "application/yaml" },
    body: SMALL,
  },
  {
    method: "POST",
    path: "/api/v1/jobs",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ duration_s: 1, server: { listeners: [{ port: 80, backlog: 1 }] } }),
  },
  { method: "GET", path: "/api/v1/jobs?state=done&limit=3", headers: {}, body: "" },
  { method: "GET", path: `/api/v1/jobs/${JOB}`, headers: {}, body: "" },
  { method: "POST", path: `/api/v1/jobs/${JOB}/cancel`, headers: {}, body: "" },
  { method: "DELETE", path: `/api/v1/jobs/${JOB}`, headers: {}, body: "" },
  { method: "GET", path: `/api/v1/jobs/${JOB}/result?format=csv`, headers: {}, body: "" },
  { method: "GET", path: "/metrics", headers: { accept: "application/openmetrics-text" }, body: "" },
  {
    method: "POST",
    path: "/api/v1/paced?scale=1&name=fuzz",
    headers: { "content-type": "application/yaml" },
    body: SMALL,
  },
  {
    method: "PATCH",
    path: "/api/v1/paced/fuzz",
    headers: { "content-type": "application/json" },
    body: '{"workloads":{"legit":{"rate_per_s":5}}}',
  },
  { method: "DELETE", path: "/api/v1/paced/fuzz", headers: {}, body: "" },
  { method: "GET", path: "/api/v1/paced/fuzz/log", headers: {}, body: "" },
  { method: "GET", path: "/metrics/hosts/fuzz/on?fields=all", headers: {}, body: "" },
];

/** One place of a text is cut out, doubled, or replaced. */
const mutated = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(text.length), fc.nat(8), fc.string({ maxLength: 12, unit: "binary" }))
    .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));

const asPath = (text: string): string =>
  `/${encodeURI(text.replace(/^\//, "").replace(/\p{Cc}|\p{Cs}/gu, "")).replaceAll("#", "%23")}`;

const mutation = fc.constantFrom(...valid).chain((one) =>
  fc.oneof(
    mutated(one.path).map((path) => ({ ...one, path: asPath(path) })),
    mutated(one.body).map((body) => ({ ...one, body })),
    fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "HEAD").map((method) => ({ ...one, method })),
    fc
      .constantFrom("text/html", "application/json", "text/yaml", "", "application/json; charset=latin1")
      .map((type) => ({ ...one, headers: { ...one.headers, "content-type": type } })),
  ),
);

const garbage = fc.record({
  method: fc.constantFrom("GET", "POST", "PATCH", "DELETE"),
  path: fc.string({ maxLength: 300, unit: "binary" }).map(asPath),
  headers: fc.constantFrom({}, { "content-type": "application/yaml" }, { authorization: "Bearer x" }, { host: "evil" }),
  body: fc.oneof(fc.string({ maxLength: 2000, unit: "binary" }), fc.constant(LONG.slice(0, 40)), fc.json()),
});

export const fuzzRequests = (count: number, seed: number): FuzzRequest[] =>
  fc.sample(fc.oneof(mutation, garbage), { numRuns: count, seed });

/** The status of the answer; 0: the connection was cut off. */
export const send = (url: string, { method, path, headers, body }: FuzzRequest): Promise<number> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const asked = request({ hostname, port, method, path, headers, timeout: 20_000 }, (answer) => {
      answer.resume();
      answer.on("close", () => resolve(answer.statusCode ?? 0));
    });
    asked.on("error", () => resolve(0));
    asked.end(method === "GET" || method === "HEAD" ? undefined : body);
  });
