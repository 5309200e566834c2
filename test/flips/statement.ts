/**
 * Statements: what the kernel's rules and the recordings say, sentence by sentence, and the flips that cover each.
 *
 * Reading   A statement that the model follows names flips (rules/): each turns it, and a named test notices. One that is left out says why.
 * Used by   statements/, by section of kernel-semantics; statements.test.ts holds that none is missing and every name exists.
 */
export interface Statement {
  /** In our words. */
  readonly says: string;
  /** Names of flips; empty: left out. */
  readonly flips: readonly string[];
  readonly leftOut: string | null;
}

/** Section → its statements, in its order. */
export type Statements = Readonly<Record<string, readonly Statement[]>>;

export const covered = (says: string, flip: string, ...more: string[]): Statement => ({
  ...{ says, flips: [flip, ...more], leftOut: null },
});

export const leftOut = (says: string, reason: string): Statement => ({ says, flips: [], leftOut: reason });

/** Reasons that come again and again. */
export const OLD_KERNEL = "kernels before 4.4 are refused by name";
export const FAST_OPEN = "Fast Open is left out";
export const ICMP = "ICMP is left out";
export const CPUS = "one packet is processed at a time";
export const FAILURES = "no allocation, route or local send ever fails";
export const FIXED = "settings do not change during a run, and a listener calls listen() once";
export const NO_BIND = "no application binds a port before connect()";
