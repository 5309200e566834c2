/** Routes of virtual hosts, which have to be allowed: one target for each tuning that runs paced at ×1, and their discovery. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { render, wantsOpenMetrics } from "../metrics/exposition.ts";
import { type VirtualFields, virtualHost } from "../metrics/virtual-host.ts";
import { PARAMETERS, schemaRef } from "./api-schemas.ts";
import type { Daemon } from "./daemon.ts";
import { HttpError, json, type Route } from "./route.ts";

const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export const HOST_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/v1/http_sd",
    summary: "Virtual hosts, for Prometheus' http_sd_configs",
    access: "read",
    answers: {
      200: json("One target for each tuning.", schemaRef("Targets")),
      404: json("They are not allowed.", schemaRef("Error")),
    },
    handle: discover,
  },
  {
    method: "GET",
    path: "/metrics/hosts/:experiment/:tuning",
    summary: "A tuning's server under node_exporter's names",
    access: "read",
    params: PARAMETERS.virtualHost,
    query: PARAMETERS.virtualFields,
    answers: {
      200: { description: "By the Accept header.", content: { [TEXT_TYPE]: null } },
      404: json("There is no such host, or they are not allowed.", schemaRef("Error")),
    },
    handle: scrape,
  },
];

/** At another pace than the clock's, rate() would be off by the scale, and no dashboard of theirs divides by it. */
const hostsOf = ({ config, paced }: Daemon) => {
  if (!config.virtual_hosts)
    throw new HttpError(404, "not-allowed", "virtual hosts are not allowed: set virtual_hosts");
  return paced
    .list()
    .filter(({ plan }) => plan.scale === 1)
    .flatMap((run) =>
      run.tunings.map(({ name, subject, live }) => ({
        experiment: run.name,
        tuning: name,
        kernel: subject.kernel,
        live,
      })),
    );
};

const nameOf = (experiment: string, tuning: string): string => `${experiment}-${tuning}`;

function discover(daemon: Daemon, request: FastifyRequest): unknown {
  return hostsOf(daemon).map(({ experiment, tuning }) => ({
    targets: [request.headers.host ?? ""],
    labels: {
      __metrics_path__: `/metrics/hosts/${encodeURIComponent(experiment)}/${encodeURIComponent(tuning)}`,
      ...{ instance: nameOf(experiment, tuning), job: "halfopen-virtual", virtual: "true", experiment, tuning },
    },
  }));
}

async function scrape(daemon: Daemon, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const wanted = request.params as { readonly experiment: string; readonly tuning: string };
  const { fields } = request.query as { readonly fields: VirtualFields };
  const host = hostsOf(daemon).find(
    ({ experiment, tuning }) => experiment === wanted.experiment && tuning === wanted.tuning,
  );
  if (host === undefined || host.live === null)
    throw new HttpError(404, "no-such-host", "there is no such virtual host");
  const group = virtualHost(host.live, host.kernel, nameOf(host.experiment, host.tuning), fields);
  const { contentType, body } = await render([group], wantsOpenMetrics(request.headers.accept));
  return reply.type(contentType).send(body);
}
