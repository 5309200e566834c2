/** All statements, in the order of kernel-semantics; then the recordings, then what is beyond both. */
import type { Statements } from "./statement.ts";
import { BEYOND_STATEMENTS } from "./statements/beyond.ts";
import { CLIENTS_STATEMENTS } from "./statements/clients.ts";
import { LISTEN_STATEMENTS } from "./statements/listen.ts";
import { RECORDINGS_STATEMENTS } from "./statements/recordings.ts";
import { REQUESTS_STATEMENTS } from "./statements/requests.ts";
import { TEARDOWN_STATEMENTS } from "./statements/teardown.ts";

/** kernel-semantics 2 to 8. */
export const KERNEL_STATEMENTS: Statements = {
  ...LISTEN_STATEMENTS,
  ...REQUESTS_STATEMENTS,
  ...CLIENTS_STATEMENTS,
  ...TEARDOWN_STATEMENTS,
};

export const STATEMENTS: Statements = { ...KERNEL_STATEMENTS, ...RECORDINGS_STATEMENTS, ...BEYOND_STATEMENTS };
