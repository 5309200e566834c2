/** Routes of the daemon itself: health, metrics, status, reference, the API's own description, the page. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { COUNTER_NAMES, COUNTERS, defaultFor, TUNABLES } from "../index.ts";
import { scrapeOf, wantsOpenMetrics } from "../metrics/exposition.ts";
import { kernelFamily } from "../metrics/table.ts";
import { nodeExporterName } from "../vocabulary/counters.ts";
import { DEFAULT_KERNEL } from "../vocabulary/kernels.ts";
import { TUNABLE_NAMES, type TunableDef } from "../vocabulary/tunables.ts";
import { schemaRef } from "./api-schemas.ts";
import type { Daemon } from "./daemon.ts";
import { INDEX_PAGE, PAGE_POLICY } from "./index-page.ts";
import { HttpError, json, type Route } from "./route.ts";

const PLAIN = "text/plain; charset=utf-8";

export const DAEMON_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/",
    summary: "The page: links, and live numbers",
    access: "open",
    answers: { 200: { description: "HTML without any data in it.", content: { "text/html": null } } },
    handle: (_, __, reply) =>
      reply.type("text/html; charset=utf-8").header("content-security-policy", PAGE_POLICY).send(INDEX_PAGE),
  },
  {
    method: "GET",
    path: "/healthz",
    summary: "Whether the process answers",
    access: "open",
    answers: { 200: { description: "It does.", content: { [PLAIN]: null } } },
    handle: (_, __, reply) => reply.type(PLAIN).send("ok\n"),
  },
  {
    method: "GET",
    path: "/readyz",
    summary: "Whether jobs are taken and begun",
    access: "open",
    answers: { 200: json("They are.", schemaRef("Ready")), 503: json("They are not.", schemaRef("Ready")) },
    handle: ({ jobs }, _, reply) => {
      const closed_for = jobs.closedFor;
      return reply.code(closed_for === null ? 200 : 503).send({ ready: closed_for === null, closed_for });
    },
  },
  {
    method: "GET",
    path: "/metrics",
    summary: "Metrics of the daemon, of paced runs and of the last results",
    access: "read",
    answers: {
      200: {
        description: "By the Accept header.",
        content: { [PLAIN]: null, "application/openmetrics-text; version=1.0.0; charset=utf-8": null },
      },
    },
    handle: metrics,
  },
  {
    method: "GET",
    path: "/api/v1/status",
    summary: "What the page shows",
    access: "read",
    answers: { 200: json("The daemon now.", schemaRef("Status")) },
    handle: (daemon) => daemon.status(),
  },
  {
    method: "GET",
    path: "/api/v1/reference/sysctls",
    summary: "The sysctls that matter to the accept path",
    access: "read",
    answers: { 200: json("One row each.", schemaRef("Sysctls")) },
    handle: () => ({ sysctls: SYSCTLS }),
  },
  {
    method: "GET",
    path: "/api/v1/reference/counters",
    summary: "The kernel's counters",
    access: "read",
    answers: { 200: json("One row each.", schemaRef("Counters")) },
    handle: () => ({ counters: COUNTER_ROWS }),
  },
];

async function metrics(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { contentType, body } = await scrapeOf(daemon.groups(), wantsOpenMetrics(request.headers.accept));
  return reply.type(contentType).send(body);
}

const SYSCTLS = TUNABLE_NAMES.map((name) => {
  const { meaning, type, modelled }: TunableDef = TUNABLES[name];
  return { name, meaning, unit: type.unit, default: defaultFor(name, DEFAULT_KERNEL), modelled: modelled !== false };
});

const COUNTER_ROWS = COUNTER_NAMES.map((name) => ({
  name,
  metric: kernelFamily(name).name,
  node_exporter: nodeExporterName(name),
  help: COUNTERS[name].help,
}));

/** Whatever has no route. */
export function noRoute(): never {
  throw new HttpError(404, "no-such-page", "there is nothing here; / links everything");
}
