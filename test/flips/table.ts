/**
 * All flips: by subject in rules/, in the way of a segment.
 *
 * Used by   flips.run.ts (`npm run flips`) applies each; table.test.ts holds that each still can be applied.
 */
import type { Flip } from "./flip.ts";
import { APPLICATIONS_FLIPS } from "./rules/applications.ts";
import { BOOKKEEPING_FLIPS } from "./rules/bookkeeping.ts";
import { CAPACITY_FLIPS } from "./rules/capacity.ts";
import { CONNECT_FLIPS } from "./rules/connect.ts";
import { COOKIES_FLIPS } from "./rules/cookies.ts";
import { CPUS_FLIPS } from "./rules/cpus.ts";
import { FULL_SOCKET_FLIPS } from "./rules/full-socket.ts";
import { HALF_OPEN_FLIPS } from "./rules/half-open.ts";
import { KERNELS_FLIPS } from "./rules/kernels.ts";
import { LEAKS_FLIPS } from "./rules/leaks.ts";
import { LISTEN_FLIPS } from "./rules/listen.ts";
import { LOAD_CONTROL_FLIPS } from "./rules/load-control.ts";
import { PATH_FLIPS } from "./rules/path.ts";
import { PLANNER_FLIPS } from "./rules/planner.ts";
import { SWEEP_FLIPS } from "./rules/sweeps.ts";
import { SYN_SENT_FLIPS } from "./rules/syn-sent.ts";
import { TEARDOWN_FLIPS } from "./rules/teardown.ts";
import { TIME_FLIPS } from "./rules/time.ts";

export const FLIPS: readonly Flip[] = [
  ...CAPACITY_FLIPS,
  ...LISTEN_FLIPS,
  ...HALF_OPEN_FLIPS,
  ...COOKIES_FLIPS,
  ...CONNECT_FLIPS,
  ...SYN_SENT_FLIPS,
  ...FULL_SOCKET_FLIPS,
  ...TEARDOWN_FLIPS,
  ...LEAKS_FLIPS,
  ...PATH_FLIPS,
  ...TIME_FLIPS,
  ...BOOKKEEPING_FLIPS,
  ...APPLICATIONS_FLIPS,
  ...CPUS_FLIPS,
  ...LOAD_CONTROL_FLIPS,
  ...KERNELS_FLIPS,
  ...SWEEP_FLIPS,
  ...PLANNER_FLIPS,
];
