/** Routes of jobs: submit, look, cancel, delete; results; events. */
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { encodeCsv, encodeRecording, recordingOf } from "../index.ts";
import { BACKFILL_AGE_S, backfillParts } from "../metrics/backfill.ts";
import { PARAMETERS, schemaRef } from "./api-schemas.ts";
import type { Daemon } from "./daemon.ts";
import { hasEnded, type JobRecord, type JobState, type JobWords, NO_WORDS } from "./job-record.ts";
import { HttpError, json, nothing, type Route } from "./route.ts";
import type { Refusal } from "./submission.ts";

/** Seconds after which it is worth to ask again. */
const RETRY_S = { queue: 10, store: 60, stopping: 30 } as const;
const TEXT_TYPES = ["application/yaml", "application/x-yaml", "text/yaml", "application/json", "text/plain"];
const OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const ERROR = schemaRef("Error");
const noSuchJob = json("There is no such job.", ERROR);

export const JOB_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/api/v1/jobs",
    summary: "Submit an experiment, or a scenario, as YAML or JSON: to be run, swept, or planned with",
    access: "write",
    query: PARAMETERS.submit,
    body: { types: TEXT_TYPES, schema: schemaRef("Experiment") },
    answers: {
      202: json("It is in the store and will run.", schemaRef("Accepted")),
      422: json("The experiment, or what is asked of it, is wrong or too much; `issues` says where.", ERROR),
      429: json("Too many jobs wait.", ERROR),
    },
    handle: submit,
  },
  {
    method: "GET",
    path: "/api/v1/jobs",
    summary: "List jobs, the newest first",
    access: "read",
    query: PARAMETERS.jobList,
    answers: { 200: json("Jobs.", schemaRef("JobList")) },
    handle: list,
  },
  {
    method: "GET",
    path: "/api/v1/jobs/:id",
    summary: "Look at a job",
    access: "read",
    params: PARAMETERS.jobId,
    answers: { 200: json("The job.", schemaRef("Job")), 404: noSuchJob },
    handle: (daemon, request) => jobOf(daemon, request),
  },
  {
    method: "POST",
    path: "/api/v1/jobs/:id/cancel",
    summary: "Cancel a job that waits or is on",
    access: "write",
    params: PARAMETERS.jobId,
    answers: {
      202: json("It ends now.", schemaRef("Job")),
      404: noSuchJob,
      409: json("It has ended already.", ERROR),
    },
    handle: cancel,
  },
  {
    method: "DELETE",
    path: "/api/v1/jobs/:id",
    summary: "Forget a job that has ended, with its results",
    access: "write",
    params: PARAMETERS.jobId,
    answers: {
      204: nothing("It is forgotten."),
      404: noSuchJob,
      409: json("It has not ended: cancel it first.", ERROR),
    },
    handle: remove,
  },
  {
    method: "GET",
    path: "/api/v1/jobs/:id/result",
    summary: "Result of a job that is done",
    access: "read",
    params: PARAMETERS.jobId,
    query: PARAMETERS.result,
    answers: {
      200: {
        description: "In the format that was asked for.",
        content: { "application/json": null, "text/csv": null, [OPENMETRICS_TYPE]: null },
      },
      404: json("There is no such job, or no such tuning.", ERROR),
      409: json("It is not done.", ERROR),
    },
    handle: result,
  },
  {
    method: "GET",
    path: "/api/v1/jobs/:id/events",
    summary:
      "Follow a job: an event `job` with each change; of an experiment that is done `lines` with the time lines of each tuning",
    access: "read",
    params: PARAMETERS.jobId,
    answers: { 200: { description: "Ends with the job.", content: { "text/event-stream": null } }, 404: noSuchJob },
    handle: follow,
  },
];

interface SubmitQuery extends Pick<JobRecord, "engine" | "kind">, Partial<JobWords> {
  readonly name?: string;
}

function submit({ jobs }: Daemon, request: FastifyRequest, reply: FastifyReply): unknown {
  const { engine, name, kind, ...asked } = request.query as SubmitQuery;
  const text = typeof request.body === "string" ? request.body : "";
  const accepted = jobs.submit({ text, kind, engine, name: name ?? null, asked: { ...NO_WORDS, ...asked } });
  if (!accepted.ok) throw refusalOf(accepted.error);
  return reply.code(202).header("location", `/api/v1/jobs/${accepted.value.job.id}`).send(accepted.value);
}

function refusalOf(refusal: Refusal): HttpError {
  switch (refusal.reason) {
    case "invalid":
      return new HttpError(422, "invalid-experiment", "the experiment is wrong", { issues: refusal.issues });
    case "bad-word":
      return new HttpError(400, "bad-parameter", `${refusal.word}: ${refusal.message}`);
    case "queue-full":
      return new HttpError(429, "queue-full", "too many jobs wait", { retryAfterS: RETRY_S.queue });
    case "store-full":
      return new HttpError(503, "store-full", "the store is full: no jobs are taken", { retryAfterS: RETRY_S.store });
    case "stopping":
      return new HttpError(503, "stopping", "the daemon is stopping", { retryAfterS: RETRY_S.stopping });
  }
}

function list({ jobs }: Daemon, request: FastifyRequest): unknown {
  const query = request.query as { readonly state?: JobState; readonly experiment?: string; readonly limit: number };
  const wanted = jobs
    .list()
    .filter(({ state }) => query.state === undefined || state === query.state)
    .filter(({ experiment }) => query.experiment === undefined || experiment === query.experiment);
  return { jobs: wanted.slice(-query.limit).reverse() };
}

function jobOf({ jobs }: Daemon, request: FastifyRequest): JobRecord {
  const { id } = request.params as { readonly id: string };
  const job = jobs.get(id);
  if (job === null) throw new HttpError(404, "no-such-job", "there is no such job");
  return job;
}

function cancel(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): unknown {
  const { id } = jobOf(daemon, request);
  if (!daemon.jobs.cancel(id)) throw new HttpError(409, "ended", "the job has ended already");
  return reply.code(202).send(daemon.jobs.get(id));
}

function remove(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): unknown {
  const { id, state } = jobOf(daemon, request);
  if (!hasEnded(state)) throw new HttpError(409, "not-ended", "the job has not ended: cancel it first");
  daemon.jobs.remove(id);
  daemon.results.forget(id);
  return reply.code(204).send();
}

async function result(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const job = jobOf(daemon, request);
  if (job.state !== "done") throw new HttpError(409, "not-done", `the job is ${job.state}`);
  const query = request.query as { readonly format: string; readonly tuning?: string; readonly end?: number };
  if (job.kind !== "experiment" && query.format !== "json")
    throw new HttpError(400, "bad-parameter", `format: found ${query.format}, a ${job.kind} has json only`);
  if (query.format === "recording") return recording(daemon, job, query.tuning ?? job.tunings[0] ?? "", reply);
  if (query.format === "json") {
    return reply.type("application/json; charset=utf-8").send(await daemon.jobs.results.text(job.id));
  }
  const summary = await daemon.jobs.results.summary(job);
  if (summary === null) throw new HttpError(404, "no-result", "its result is not in the store");
  if (query.format === "csv") return reply.type("text/csv; charset=utf-8").send(encodeCsv(summary));
  const endS = query.end ?? Date.now() / 1000 - BACKFILL_AGE_S;
  const parts = backfillParts(job.experiment, summary, endS - summary.duration_s);
  return reply.type(OPENMETRICS_TYPE).send(Readable.from(parts));
}

function recording({ jobs }: Daemon, job: JobRecord, tuning: string, reply: FastifyReply): unknown {
  const first = jobs.results.firstRuns(job, tuning);
  if (first === null)
    throw new HttpError(404, "no-such-tuning", "there is no such tuning, or its run is not in the store");
  const { scenario, specs, results } = first;
  return reply.type("application/json; charset=utf-8").send(encodeRecording(recordingOf(scenario, specs, results)));
}

function follow(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): unknown {
  const job = jobOf(daemon, request);
  let unwatch = (): void => {};
  const stream = daemon.streams.open(reply, () => unwatch());
  if (stream === null)
    throw new HttpError(503, "too-many-streams", "too many clients follow events", { retryAfterS: RETRY_S.queue });
  const tell = (record: JobRecord): void => {
    stream.send("job", record);
    if (!hasEnded(record.state)) return;
    unwatch();
    void sendLines(daemon, record, (data) => stream.send("lines", data)).finally(() => stream.end());
  };
  unwatch = daemon.jobs.watch(job.id, tell);
  tell(job);
  return reply;
}

async function sendLines({ jobs }: Daemon, job: JobRecord, send: (data: unknown) => void): Promise<void> {
  const summary = job.state === "done" ? await jobs.results.summary(job) : null;
  for (const { name, lines } of summary?.tunings ?? []) send({ tuning: name, lines });
}
