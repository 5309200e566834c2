/** Progress: one line on stderr that is written over and over, on a terminal only. */

/** How wide the line is that stands there. */
let shownWidth = 0;

export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(overwriting(text, shownWidth));
  shownWidth = text.length;
}

export function clearProgress(): void {
  if (shownWidth > 0) showProgress("");
}

/** `text` in place of the `width` characters that the line has: without an escape code, so that NO_COLOR and dumb terminals need no other way. */
export function overwriting(text: string, width: number): string {
  return `\r${text.padEnd(width)}${text === "" ? "\r" : ""}`;
}
