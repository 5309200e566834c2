/**
 * Client: talks to a daemon's API. The only door to undici here.
 *
 * Invariants  What goes wrong is a value: no answer at all, or an answer that says why.
 * Limits      A request that gets no answer within ANSWER_MS has failed; large results may take longer to come.
 */
import { Agent, request } from "undici";
import { err, ok, type Result } from "../base/result.ts";

export const DEFAULT_URL = "http://127.0.0.1:9640";
const CONNECT_MS = 5_000;
const ANSWER_MS = 60_000;

/** Issues of an experiment, as the daemon sends them: the same that `halfopen check` prints. */
export interface ClientIssue {
  readonly code: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

export interface ClientError {
  /** 0: there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly issues: readonly ClientIssue[];
  readonly retryAfterS: number | null;
}

/** As much of a job as a client needs. */
export interface ClientJob {
  readonly id: string;
  readonly experiment: string;
  readonly kind: "experiment" | "sweep" | "plan";
  readonly state: "queued" | "running" | "done" | "failed" | "cancelled";
  readonly runs: number;
  readonly done: number;
  readonly error: string | null;
  readonly thresholds_hold: boolean | null;
}

export interface ClientOptions {
  readonly url: string;
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Asked {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** A list: the parameter is given again and again. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

export class DaemonClient {
  readonly #options: ClientOptions;
  readonly #agent = new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  submit(
    text: string,
    query: NonNullable<Asked["query"]>,
  ): Promise<Result<{ job: ClientJob; warnings: ClientIssue[] }, ClientError>> {
    return this.#json({ method: "POST", path: "/api/v1/jobs", query, body: text });
  }

  job(id: string): Promise<Result<ClientJob, ClientError>> {
    return this.#json({ method: "GET", path: `/api/v1/jobs/${encodeURIComponent(id)}` });
  }

  jobs(query: Readonly<Record<string, string>>): Promise<Result<{ jobs: ClientJob[] }, ClientError>> {
    return this.#json({ method: "GET", path: "/api/v1/jobs", query });
  }

  cancel(id: string): Promise<Result<ClientJob, ClientError>> {
    return this.#json({ method: "POST", path: `/api/v1/jobs/${encodeURIComponent(id)}/cancel` });
  }

  /** In the format that the query names, as text. */
  result(id: string, query: Readonly<Record<string, string>>): Promise<Result<string, ClientError>> {
    return this.#ask({ method: "GET", path: `/api/v1/jobs/${encodeURIComponent(id)}/result`, query });
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #json<T>(asked: Asked): Promise<Result<T, ClientError>> {
    const answer = await this.#ask(asked);
    return answer.ok ? ok(JSON.parse(answer.value) as T) : answer;
  }

  async #ask({ method, path, query, body }: Asked): Promise<Result<string, ClientError>> {
    const { url, token, signal } = this.#options;
    try {
      const answer = await request(new URL(path, url), {
        dispatcher: this.#agent,
        method,
        ...(query && { query }),
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { "content-type": "application/yaml" }),
        },
      });
      const text = await answer.body.text();
      if (answer.statusCode < 300) return ok(text);
      return err(errorOf(answer.statusCode, text, answer.headers["retry-after"]));
    } catch (error) {
      signal?.throwIfAborted();
      const { code = "", message } = error as NodeJS.ErrnoException;
      const why = code === "ECONNREFUSED" ? "nobody listens there" : message;
      return err({ status: 0, code: "no-answer", message: `${url}: ${why}`, issues: [], retryAfterS: null });
    }
  }
}

function errorOf(status: number, text: string, retryAfter: string | string[] | undefined): ClientError {
  const retryAfterS = typeof retryAfter === "string" ? Number(retryAfter) : null;
  try {
    const { error, issues = [] } = JSON.parse(text) as {
      readonly error: { readonly code: string; readonly message: string };
      readonly issues?: readonly ClientIssue[];
    };
    return { status, code: error.code, message: error.message, issues, retryAfterS };
  } catch {
    // Not a daemon of ours.
    return {
      status,
      code: "unknown",
      message: `the answer has the status ${status} and no reason`,
      issues: [],
      retryAfterS,
    };
  }
}
