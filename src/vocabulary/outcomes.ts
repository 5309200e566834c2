/**
 * Outcomes: how an attempt of a client ends. Each attempt has exactly one; offered = completed + failed + in flight.
 * The names are those of the recordings (groundtruth/README.md).
 */
export interface OutcomeDef {
  readonly family: "completed" | "failed" | "in_flight";
  /** Whether connect() had succeeded. */
  readonly established: boolean;
  readonly help: string;
}

export const OUTCOMES = {
  completed: { family: "completed", established: true, help: "Did all it came for and closed." },
  refused: { family: "failed", established: false, help: "connect() failed with ECONNREFUSED." },
  timed_out: { family: "failed", established: false, help: "connect() failed with ETIMEDOUT: the kernel gave up." },
  app_timeout: { family: "failed", established: false, help: "The application gave up connecting." },
  no_local_port: { family: "failed", established: false, help: "connect() failed with EADDRNOTAVAIL." },
  reset_after_connect: { family: "failed", established: true, help: "ECONNRESET after connect() had succeeded." },
  timed_out_after_connect: { family: "failed", established: true, help: "ETIMEDOUT after connect() had succeeded." },
  eof_before_response: { family: "failed", established: true, help: "The server closed before it answered." },
  response_timeout: { family: "failed", established: true, help: "The application gave up waiting for the response." },
  client_crashed: { family: "failed", established: false, help: "The client host crashed." },
  pending: { family: "in_flight", established: false, help: "Still connecting at the end." },
  open_at_end: { family: "in_flight", established: true, help: "Connected and not done at the end." },
} as const satisfies Record<string, OutcomeDef>;

export type OutcomeName = keyof typeof OUTCOMES;
export const OUTCOME_NAMES = Object.keys(OUTCOMES) as OutcomeName[];
/** Outcome name → its index in every per-outcome array. */
export const Outcome = Object.fromEntries(OUTCOME_NAMES.map((name, index) => [name, index])) as Record<
  OutcomeName,
  number
>;
