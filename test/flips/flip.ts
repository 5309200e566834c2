/**
 * Flips: one rule of the model changed, and the named test that must notice.
 *
 * Reading   `find` occurs exactly once in `file`; `replace` takes its place; of `tests`, at least one whose title matches `named` must fail.
 * Used by   rules/, by subject; table.ts has them all.
 */
export interface Flip {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly tests: string;
  readonly named: RegExp;
}

export const flip = (
  name: string,
  file: string,
  find: string,
  replace: string,
  tests: string,
  named: RegExp,
): Flip => ({
  ...{ name, find, replace, named },
  file: `src/${file}.ts`,
  tests: tests.includes("/") ? `test/${tests}.test.ts` : `test/engine/${tests}.test.ts`,
});

/** `tests`: by the file; SYNs, half-opens and ACKs have one, the rest another. */
export const kernelFlip = (name: string, file: string, find: string, replace: string, named: RegExp): Flip => {
  const isOfServer = /listen|request|acceptable|receive-ack|effective/.test(file);
  return flip(`kernel: ${name}`, file, find, replace, isOfServer ? "kernels" : "kernels-time", named);
};
