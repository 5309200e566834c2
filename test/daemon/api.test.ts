/**
 * Goal    The API does what its description says, and gives what the command line gives.
 * Method  A daemon in this process, asked over HTTP. Every JSON answer is held to the schema that the description names for it.
 */
import { Ajv } from "ajv";
import { beforeAll, describe, expect, test } from "vitest";
import { openApiDocument } from "../../src/daemon/openapi.ts";
import { ROUTES } from "../../src/daemon/routes.ts";
import type { Serving } from "../../src/daemon/serve.ts";
import { encodeCsv, encodeSummary, parseExperiment, parseRecording, simulateExperiment } from "../../src/index.ts";
import { readExposition, seriesValue } from "../metrics/exposition-text.ts";
import { type Answered, ask, daemonWith, ended, LONG, post, SMALL } from "./running.ts";

let serving: Serving;
let done: Answered["body"];
let expected: Awaited<ReturnType<typeof simulateExperiment>>;
beforeAll(async () => {
  serving = await daemonWith({ queue_limit: 2, max_simulated_s: 1e6 });
  const accepted = await post(serving, "/api/v1/jobs", SMALL);
  expect(accepted.status).toBe(202);
  done = await ended(serving, accepted.body.job.id);
  const parsed = parseExperiment(SMALL, () => ({ ok: false, error: "" }));
  if (!parsed.ok) throw new Error("SMALL is wrong");
  expected = await simulateExperiment(parsed.value.experiment);
});

// biome-ignore lint/suspicious/noExplicitAny: a JSON document
const document = openApiDocument(ROUTES, "1.2.3") as any;
const ajv = new Ajv({ strict: false });
ajv.addSchema(document, "api");

/** What is wrong with an answer by the description; null: nothing, or nothing is said. */
function fault(method: string, path: string, { status, body }: Answered): string | null {
  const operation = document.paths[path][method];
  const answer = operation.responses[status];
  if (answer === undefined) return `${method} ${path} does not say that it may answer ${status}`;
  const schema = answer.content?.["application/json"]?.schema;
  if (schema === undefined || body === null) return null;
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')));
  return validate(body) ? null : ajv.errorsText(validate.errors);
}

describe("a job", () => {
  test("ends as run does, to the byte", async () => {
    expect(done).toMatchObject({
      state: "done",
      runs: 4,
      done: 4,
      experiment: "small",
      thresholds_hold: false,
      begun: 1,
    });
    const { text } = await ask(serving, `/api/v1/jobs/${done.id}/result`);
    expect(text).toBe(encodeSummary(expected));
  });

  test("gives its result as CSV, as a recording, and as a file for promtool", async () => {
    const result = (query: string): Promise<Answered> => ask(serving, `/api/v1/jobs/${done.id}/result?${query}`);
    expect((await result("format=csv")).text).toBe(encodeCsv(expected));
    const recording = parseRecording((await result("format=recording&tuning=on")).text);
    expect(recording.ok && recording.value.runs).toHaveLength(1);
    expect(recording.ok && recording.value.runs[0]?.server_counters.TcpExtListenDrops).toBe(
      expected.tunings[1]?.server_counters.TcpExtListenDrops?.per_seed[0],
    );
    const openMetrics = await result("format=openmetrics&end=1700000000");
    expect(openMetrics.headers.get("content-type")).toMatch(/^application\/openmetrics-text/);
    expect(openMetrics.text).toMatch(/ 1700000000\.000\n/);
    expect(openMetrics.text.endsWith("# EOF\n")).toBe(true);
    expect((await result("format=recording&tuning=none")).body.error.code).toBe("no-such-tuning");
    expect((await result("format=xml")).status).toBe(400);
  });

  test("is refused with the issues that check prints", async () => {
    const broken = SMALL.replace("backlog: 16", "backlog: sixteen").replace("packet: syn", "packet: sin");
    const answer = await post(serving, "/api/v1/jobs", broken);
    const parsed = parseExperiment(broken, () => ({ ok: false, error: "" }));
    expect(answer.status).toBe(422);
    expect(answer.body.issues).toEqual(parsed.ok ? [] : parsed.error);
    expect(fault("post", "/api/v1/jobs", answer)).toBeNull();
  });

  test("may be JSON, a scenario alone, and have a name of the request", async () => {
    const scenario = { duration_s: 1, server: { listeners: [{ port: 80, backlog: 1 }] } };
    const answer = await post(serving, "/api/v1/jobs?name=mine", JSON.stringify(scenario), "application/json");
    expect(answer.body).toMatchObject({ job: { experiment: "mine", tunings: ["as_is"], seeds: 5 }, warnings: [] });
    expect(answer.headers.get("location")).toBe(`/api/v1/jobs/${answer.body.job.id}`);
    expect(fault("post", "/api/v1/jobs", answer)).toBeNull();
    await ended(serving, answer.body.job.id);
  });

  const refusals = [
    ["scenario: /etc/passwd", "unreadable", "no file of the machine is read"],
    [`${SMALL}profiles: [config/profiles/pod.yaml]`, "unreadable", "not even a shipped one"],
    [SMALL.replaceAll("duration_s: 2", "duration_s: 1000000"), "too-many", "more simulated time than a job may have"],
    [SMALL.replace("rate_per_s: 300", "rate_per_s: 90000000"), "too-many", "a rate above the limit"],
    ["", "wrong-type", "nothing"],
    ["a: [", "syntax", "not YAML"],
  ] as const;
  test.each(refusals)("is refused: %j is %s, %s", async (text, code, _why) => {
    const answer = await post(serving, "/api/v1/jobs", text);
    expect(answer.status).toBe(422);
    expect(answer.body.issues.map((issue: { code: string }) => issue.code)).toContain(code);
    expect(JSON.stringify(answer.body)).not.toContain("root:");
    expect(fault("post", "/api/v1/jobs", answer)).toBeNull();
  });
});

test("jobs wait, are cancelled, forgotten, and refused when too many wait", async () => {
  const submitted = [];
  for (let i = 0; i < 3; i++) submitted.push((await post(serving, "/api/v1/jobs", LONG)).body.job.id);
  const full = await post(serving, "/api/v1/jobs", LONG);
  expect([full.status, full.headers.get("retry-after"), full.body.error.code]).toEqual([429, "10", "queue-full"]);
  expect(fault("post", "/api/v1/jobs", full)).toBeNull();

  const listed = await ask(serving, "/api/v1/jobs?experiment=long&limit=2");
  expect(listed.body.jobs.map(({ id }: { id: string }) => id)).toEqual([submitted[2], submitted[1]]);
  expect(fault("get", "/api/v1/jobs", listed)).toBeNull();
  const running = await ask(serving, `/api/v1/jobs/${submitted[0]}`);
  expect(running.body.state).toBe("running");
  expect(fault("get", "/api/v1/jobs/{id}", running)).toBeNull();
  expect((await ask(serving, `/api/v1/jobs/${submitted[0]}/result`)).body.error.code).toBe("not-done");

  const forget = (id: string): Promise<Answered> => ask(serving, `/api/v1/jobs/${id}`, { method: "DELETE" });
  expect((await forget(submitted[0])).body.error.code).toBe("not-ended");
  for (const id of submitted.toReversed()) {
    const cancelled = await post(serving, `/api/v1/jobs/${id}/cancel`, "");
    expect(cancelled.status).toBe(202);
    expect(fault("post", "/api/v1/jobs/{id}/cancel", cancelled)).toBeNull();
    expect(await ended(serving, id)).toMatchObject({ state: "cancelled", error: expect.stringContaining("cancelled") });
    expect((await post(serving, `/api/v1/jobs/${id}/cancel`, "")).body.error.code).toBe("ended");
    expect((await forget(id)).status).toBe(204);
    expect((await ask(serving, `/api/v1/jobs/${id}`)).status).toBe(404);
  }
});

test("events tell of each change, then of the time lines, then end", async () => {
  const { body } = await post(serving, "/api/v1/jobs", SMALL);
  const answer = await ask(serving, `/api/v1/jobs/${body.job.id}/events`);
  expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
  const events = [...answer.text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, event, data]) => [
    event,
    JSON.parse(data ?? ""),
  ]);
  const jobs = events.filter(([event]) => event === "job").map(([, data]) => data);
  expect(jobs.map(({ done: runs }) => runs)).toEqual(jobs.map(({ done: runs }) => runs).toSorted((a, b) => a - b));
  expect(jobs.at(-1)).toMatchObject({ state: "done", done: 4 });
  const lines = events.filter(([event]) => event === "lines").map(([, data]) => data);
  expect(lines.map(({ tuning }) => tuning)).toEqual(["off", "on"]);
  expect(lines[0].lines).toEqual(expected.tunings[0]?.lines);
});

describe("what is asked wrongly", () => {
  const requests: readonly (readonly [string, string, RequestInit, number, string])[] = [
    ["get", "/api/v1/nothing", {}, 404, "no such path"],
    ["get", "/api/v1/jobs/000000000aaaaaaaaaa", {}, 404, "no such job"],
    ["get", "/api/v1/jobs/..%2f..%2fetc", {}, 400, "not the form of an id"],
    ["get", "/api/v1/jobs?limit=0", {}, 400, "below the least"],
    ["get", "/api/v1/jobs?limit=1&colour=red", {}, 400, "an unknown parameter"],
    ["get", "/api/v1/jobs/", {}, 400, "an empty id"],
    ["put", "/api/v1/jobs", { method: "PUT" }, 404, "another method"],
    [
      "post",
      "/api/v1/jobs",
      { method: "POST", body: "x", headers: { "content-type": "image/png" } },
      415,
      "another type",
    ],
    [
      "post",
      "/api/v1/jobs",
      { method: "POST", body: "x".repeat(256 * 1024 + 1), headers: { "content-type": "text/yaml" } },
      413,
      "a body too large",
    ],
    [
      "post",
      "/api/v1/jobs",
      { method: "POST", body: `#${"x".repeat(256 * 1024 - 1)}`, headers: { "content-type": "text/yaml" } },
      422,
      "the largest body is read",
    ],
    [
      "post",
      "/api/v1/jobs",
      { method: "POST", body: "{}", headers: { "content-type": "text/yaml", origin: "http://evil.example" } },
      403,
      "from another page",
    ],
  ];
  test.each(requests)("%s %s %o is %i: %s", async (_method, path, init, status, _why) => {
    const answer = await ask(serving, path, init);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ code: expect.stringMatching(/^[a-z-]+$/), message: expect.any(String) });
  });
});

describe("the daemon itself", () => {
  test("says what it is, in the form that it says", async () => {
    for (const path of ["/readyz", "/api/v1/status", "/api/v1/reference/sysctls", "/api/v1/reference/counters"]) {
      const answer = await ask(serving, path);
      expect([answer.status, fault("get", path, answer)]).toEqual([200, null]);
    }
    const status = await ask(serving, "/api/v1/status");
    expect(
      status.body.results.find(({ experiment }: { experiment: string }) => experiment === "small").tunings,
    ).toHaveLength(2);
    expect((await ask(serving, "/healthz")).text).toBe("ok\n");
    expect((await ask(serving, "/api/v1/openapi.json")).body).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test("has a page that links what there is, and may load nothing else", async () => {
    const { text, headers } = await ask(serving, "/");
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'sha256-/);
    const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, href]) => href ?? "");
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect((await ask(serving, link)).status, link).toBe(200);
  });

  test("exports what it counts and the last result of each experiment, in both formats", async () => {
    const text = await ask(serving, "/metrics");
    expect(text.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(seriesValue(text.text, 'halfopen_jobs{state="running"}')).toBe(0);
    expect(seriesValue(text.text, "halfopen_runs_total")).toBeGreaterThanOrEqual(8);
    const series = 'halfopen_result_served_ratio{workload="legit",experiment="small",tuning="off"}';
    expect(seriesValue(text.text, series)).toBe(expected.tunings[0]?.clients[0]?.served_ratio.mean);
    const open = await ask(serving, "/metrics", { headers: { accept: "application/openmetrics-text;version=1.0.0" } });
    expect(open.headers.get("content-type")).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(readExposition(open.text).get("halfopen_runs")?.type).toBe("counter");
    expect(open.text.endsWith("# EOF\n")).toBe(true);
  });
});
