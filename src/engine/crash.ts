/**
 * A host crashes and boots again: its sockets are gone without a packet, and so is all that it knew.
 *
 * Read first  RFC 9293 sections 3.4.2, 3.5.1: a peer still thinks itself connected; the next SYN of the same ports finds that out.
 * Boot        It takes no time here: the RFC's quiet time is a gap in the workload. Secrets are drawn anew, so ports are chosen elsewhere and
 *             timestamps have another offset; the clock of initial sequence numbers is wall time and goes on.
 */
import { hash2 } from "../base/hash.ts";
import type { Host } from "./host.ts";
import { CLOSE, FULL_ROW, R_STATE, ROW_SHIFT, ROW_STATE_MASK } from "./layout.ts";

/** Purpose of the draw of a boot's secret. */
const BOOT = 23;

export function crashHost(host: Host): void {
  const { table } = host;
  for (let row = 0; row < table.rowsHandedOut; row++) {
    const state = table.rows[(row << ROW_SHIFT) + R_STATE]! & ROW_STATE_MASK;
    if (state === 0 || state === FULL_ROW) continue;
    if (state === CLOSE) host.freeDetached(row);
    else host.free(row);
  }
  host.timeWaits = 0;
  host.orphans = 0;
  host.boot(hash2(host.secret, BOOT));
}
