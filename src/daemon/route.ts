/** Route: what a row of the table of routes says. Registering and the OpenAPI document both read it. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "./access.ts";
import type { JsonSchema } from "./api-schemas.ts";
import type { Daemon } from "./daemon.ts";

export interface Answer {
  readonly description: string;
  /** Media type → schema; null: no more is said of it. Empty: there is no body. */
  readonly content: Readonly<Record<string, JsonSchema | null>>;
}

export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As Fastify writes it: /api/v1/jobs/:id. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: JsonSchema;
  readonly query?: JsonSchema;
  readonly body?: { readonly types: readonly string[]; readonly schema: JsonSchema };
  /** Besides those that every route may give. */
  readonly answers: Readonly<Record<number, Answer>>;
  readonly handle: (daemon: Daemon, request: FastifyRequest, reply: FastifyReply) => unknown;
}

export const json = (description: string, schema: JsonSchema | null): Answer => ({
  description,
  content: { "application/json": schema },
});
export const nothing = (description: string): Answer => ({ description, content: {} });

/** An error that a user can cause: becomes an answer with this status. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly more: Readonly<Record<string, unknown>>;
  readonly retryAfterS: number | null;

  constructor(
    status: number,
    code: string,
    message: string,
    { retryAfterS = null, ...more }: { readonly retryAfterS?: number | null; readonly [key: string]: unknown } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
    this.retryAfterS = retryAfterS;
  }
}
