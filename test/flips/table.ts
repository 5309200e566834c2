/**
 * All flips: by subject in rules/, in the way of a segment.
 *
 * Used by   flips.run.ts (`npm run flips`) applies each; table.test.ts holds that each still can be applied.
 */
import type { Flip } from "./flip.ts";
import { APPLICATIONS_FLIPS } from "./rules/applications.ts";
import { BOOKKEEPING_FLIPS } from "./rules/bookkeeping.ts";
import { CONNECT_FLIPS } from "./rules/connect.ts";
import { FULL_SOCKET_FLIPS } from "./rules/full-socket.ts";
import { KERNELS_FLIPS } from "./rules/kernels.ts";
import { LISTEN_FLIPS } from "./rules/listen.ts";
import { PATH_FLIPS } from "./rules/path.ts";
import { TIME_FLIPS } from "./rules/time.ts";

export const FLIPS: readonly Flip[] = [
  ...LISTEN_FLIPS,
  ...CONNECT_FLIPS,
  ...FULL_SOCKET_FLIPS,
  ...PATH_FLIPS,
  ...TIME_FLIPS,
  ...BOOKKEEPING_FLIPS,
  ...APPLICATIONS_FLIPS,
  ...KERNELS_FLIPS,
];
