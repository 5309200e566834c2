/** Progress: one line on stderr that is written over and over, on a terminal only. */

export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

export const clearProgress = (): void => showProgress("");
