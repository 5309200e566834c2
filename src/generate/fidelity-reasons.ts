/**
 * Why values of the model and of the recordings differ: one row for each cause that is understood, kept by hand.
 *
 * Reading     `recording` and `value` are matched as a whole, with * for any text. The first row that fits a value gives its
 *             reason; a value without a row is printed as unexplained. A row that fits nothing any more is an error, so the
 *             table does not outlive its causes.
 */
export interface Reason {
  readonly recording: string;
  readonly value: string;
  readonly why: string;
}

export const REASONS: readonly Reason[] = [];

/** The first reason that fits, or undefined. */
export function reasonFor(recording: string, value: string, reasons: readonly Reason[] = REASONS): Reason | undefined {
  return reasons.find((reason) => fits(reason.recording, recording) && fits(reason.value, value));
}

function fits(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}
