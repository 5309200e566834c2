/** Routes of paced runs: look, begin, change the load, end; the log that replays a run; events. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { StoreFullError } from "../store/store.ts";
import { PARAMETERS, schemaRef } from "./api-schemas.ts";
import type { Daemon } from "./daemon.ts";
import { labelOf } from "./job-record.ts";
import type { PacedRun } from "./paced-run.ts";
import { HttpError, json, nothing, type Route } from "./route.ts";
import { parseSent } from "./sent-experiment.ts";

const ERROR = schemaRef("Error");
const noSuchRun = json("No experiment of this name runs paced.", ERROR);
const RETRY_S = 10;
const STORE_RETRY_S = 60;

export const PACED_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/v1/paced",
    summary: "Paced runs, as they stand",
    access: "read",
    answers: { 200: json("All of them.", schemaRef("PacedList")) },
    handle: ({ paced }) => ({ paced: paced.list().map((run) => run.describe()) }),
  },
  {
    method: "POST",
    path: "/api/v1/paced",
    summary:
      "Let an experiment run paced, in place of one of the same name; after a restart of the daemon it begins again at 0",
    access: "write",
    query: PARAMETERS.pace,
    body: { types: ["application/yaml", "application/json", "text/plain"], schema: schemaRef("Experiment") },
    answers: {
      201: json("It runs.", schemaRef("Paced")),
      422: json("The experiment is wrong, or too much.", ERROR),
      503: json("The store is full.", ERROR),
    },
    handle: start,
  },
  {
    method: "GET",
    path: "/api/v1/paced/:experiment",
    summary: "One paced run",
    access: "read",
    params: PARAMETERS.pacedName,
    answers: { 200: json("As it stands.", schemaRef("Paced")), 404: noSuchRun },
    handle: (daemon, request) => runOf(daemon, request).describe(),
  },
  {
    method: "PATCH",
    path: "/api/v1/paced/:experiment",
    summary: "Change the load at once, in all tunings: rates of workloads, accept rate, a pause of the application",
    access: "write",
    params: PARAMETERS.pacedName,
    body: { types: ["application/json"], schema: schemaRef("LoadPatch") },
    answers: {
      202: json("It is changed.", schemaRef("Paced")),
      404: noSuchRun,
      422: json("It cannot be changed so.", ERROR),
    },
    handle: change,
  },
  {
    method: "DELETE",
    path: "/api/v1/paced/:experiment",
    summary: "End a paced run; its series end too",
    access: "write",
    params: PARAMETERS.pacedName,
    answers: { 204: nothing("It has ended."), 404: noSuchRun },
    handle: stop,
  },
  {
    method: "GET",
    path: "/api/v1/paced/:experiment/log",
    summary: "Seed and changes with their simulated times: with the experiment they replay the run to the byte",
    access: "read",
    params: PARAMETERS.pacedName,
    answers: { 200: json("In order.", schemaRef("LoadLog")), 404: noSuchRun },
    handle: (daemon, request) => {
      const run = runOf(daemon, request);
      return { experiment: run.name, seed: run.seed, now_ns: run.nowNs, changes: run.log };
    },
  },
  {
    method: "GET",
    path: "/api/v1/paced/:experiment/events",
    summary: "Follow a paced run: an event `paced` about each second",
    access: "read",
    params: PARAMETERS.pacedName,
    answers: { 200: { description: "Without end.", content: { "text/event-stream": null } }, 404: noSuchRun },
    handle: follow,
  },
];

function runOf({ paced }: Daemon, request: FastifyRequest): PacedRun {
  const { experiment } = request.params as { readonly experiment: string };
  const run = paced.get(experiment);
  if (run === null) throw new HttpError(404, "no-such-run", "no experiment of this name runs paced");
  return run;
}

function start({ paced }: Daemon, request: FastifyRequest, reply: FastifyReply): unknown {
  const { scale, name } = request.query as { readonly scale: number; readonly name?: string };
  const text = typeof request.body === "string" ? request.body : "";
  const parsed = parseSent(text);
  if (!parsed.ok) throw new HttpError(422, "invalid-experiment", "the experiment is wrong", { issues: parsed.error });
  const { experiment } = parsed.value;
  const label = labelOf(name ?? experiment.name);
  const issues = paced.issues(label, experiment, scale);
  if (issues.length > 0) throw new HttpError(422, "too-much", "this cannot run paced", { issues });
  try {
    paced.keep(label, { text, scale });
  } catch (error) {
    if (!(error instanceof StoreFullError)) throw error;
    throw new HttpError(503, "store-full", "the store is full", { retryAfterS: STORE_RETRY_S });
  }
  return reply.code(201).send(paced.start(label, experiment, scale).describe());
}

function change(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): unknown {
  const run = runOf(daemon, request);
  let body: unknown;
  try {
    body = JSON.parse(typeof request.body === "string" ? request.body : "");
  } catch {
    throw new HttpError(400, "not-json", "the body is not JSON");
  }
  const { changes, issues } = run.wanted(body);
  if (issues.length > 0) throw new HttpError(422, "invalid-change", "the load cannot be changed so", { issues });
  daemon.paced.change(run, changes);
  daemon.log.info({ req: request.id, experiment: run.name, changes }, "load changed");
  return reply.code(202).send(run.describe());
}

function stop(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): unknown {
  daemon.paced.stop(runOf(daemon, request).name);
  return reply.code(204).send();
}

function follow(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): unknown {
  const run = runOf(daemon, request);
  let unwatch = (): void => {};
  const stream = daemon.streams.open(reply, () => unwatch());
  if (stream === null)
    throw new HttpError(503, "too-many-streams", "too many clients follow events", { retryAfterS: RETRY_S });
  stream.send("paced", run.describe());
  unwatch = daemon.paced.watch((changed) => {
    if (changed === run) stream.send("paced", run.describe());
    else if (daemon.paced.get(run.name) !== run) stream.end();
  });
  return reply;
}
