/**
 * Server: the table of routes → Fastify, with its limits.
 *
 * Limits      Body 256 KiB; headers within 5 s, a request within 10 s, an idle connection 60 s; so many connections; no HEAD, no trailing slash.
 * Errors      `{ error: { code, message } }`. Whatever goes wrong inside is a 500 without a word about what, and a line in the log.
 */
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import type { Gatekeeper } from "./access.ts";
import type { Daemon } from "./daemon.ts";
import { noRoute } from "./daemon-routes.ts";
import { HttpError, type Route } from "./route.ts";
import { ROUTES } from "./routes.ts";

const MAX_BODY = 256 * 1024;
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
const IDLE_MS = 60_000;
const KEEP_ALIVE_MS = 10_000;
/** Besides those of streams. */
const MAX_CONNECTIONS = 512;
const MAX_PATH_PART = 200;

export function createServer(daemon: Daemon, gatekeeper: Gatekeeper): FastifyInstance {
  const server = Fastify({
    bodyLimit: MAX_BODY,
    requestTimeout: REQUEST_MS,
    connectionTimeout: IDLE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_PATH_PART },
    loggerInstance: quieter(daemon.log) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: 1_000, maxHeaderSize: 8192 },
    ajv: { customOptions: { coerceTypes: "array", removeAdditional: false, allErrors: false } },
  });
  server.server.maxConnections = MAX_CONNECTIONS + daemon.config.max_streams;
  server.removeAllContentTypeParsers();
  server.addHook("onRequest", async (_, reply) => void reply.header("x-content-type-options", "nosniff"));
  server.addHook("onResponse", async (_, reply) => daemon.noteAnswer(reply.statusCode));
  server.setErrorHandler((error: FastifyError, request, reply) => sendError(daemon, error, request, reply));
  server.setNotFoundHandler({ preHandler: guard(gatekeeper, "open") }, noRoute);
  const types = new Set(ROUTES.flatMap(({ body }) => body?.types ?? []));
  // What the text means is for the route to say: YAML and JSON are one to it.
  server.addContentTypeParser([...types], { parseAs: "string", bodyLimit: MAX_BODY }, (_, body, done) =>
    done(null, body),
  );
  for (const route of ROUTES) register(server, daemon, gatekeeper, route);
  return server;
}

/** What Fastify has to say of itself, such as where it listens, stands in the daemon's own lines. */
const quieter = (log: Daemon["log"]): Daemon["log"] =>
  log.child({}, { level: log.isLevelEnabled("info") ? "warn" : log.level });

const guard =
  (gatekeeper: Gatekeeper, access: Route["access"]) =>
  async ({ headers }: FastifyRequest): Promise<void> => {
    const { host, origin, authorization } = headers;
    const refusal = gatekeeper.refusal({ host, origin, authorization }, access);
    if (refusal !== null) throw new HttpError(refusal.status, refusal.code, refusal.message);
  };

function register(server: FastifyInstance, daemon: Daemon, gatekeeper: Gatekeeper, route: Route): void {
  const { method, path, params, query, handle } = route;
  server.route({
    method,
    url: path,
    schema: { ...(params && { params }), ...(query && { querystring: query }) },
    onRequest: guard(gatekeeper, route.access),
    handler: async (request, reply) => {
      if (path.startsWith("/api/")) reply.header("cache-control", "no-store");
      return handle(daemon, request, reply);
    },
  });
}

function sendError(
  daemon: Daemon,
  error: FastifyError | HttpError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, code, message, more, retryAfterS } = asHttpError(error);
  if (status >= 500 && !(error instanceof HttpError))
    daemon.log.error({ req: request.id, err: error }, "request failed");
  if (retryAfterS !== null) reply.header("retry-after", String(retryAfterS));
  if (status === 401) reply.header("www-authenticate", "Bearer");
  reply
    .code(status)
    .type("application/json; charset=utf-8")
    .send({ error: { code, message }, ...more });
}

/** Which parameter, by its description: `params/id must match pattern` says nothing to who typed an id. */
function validationText({ validation = [], validationContext, message }: FastifyError): string {
  const [fault] = validation;
  const name = fault?.instancePath.slice(1) ?? "";
  if (validationContext !== "params" || name === "") return message;
  return name === "id"
    ? "this is not the id of a job, which the answer to its submission says, and the list of jobs"
    : `${name}: ${fault?.message ?? message}`;
}

/** Fastify's own errors have a code such as FST_ERR_CTP_BODY_TOO_LARGE and the status that belongs to it. */
function asHttpError(error: FastifyError | HttpError): HttpError {
  if (error instanceof HttpError) return error;
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    const code = error.validation
      ? "bad-parameter"
      : error.code
          .replace(/^FST_(ERR_)?/, "")
          .toLowerCase()
          .replaceAll("_", "-");
    return new HttpError(status, code, error.validation ? validationText(error) : error.message);
  }
  return new HttpError(500, "internal", "a fault of the daemon; its log says more");
}
