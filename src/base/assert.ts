/**
 * Assertions: a broken invariant of the program. It throws, it is never caught to go on, and it is never a user's fault
 * (errors of users are values, see result.ts).
 */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** More is wanted of a run than the program can hold. Nobody's fault, but its user can ask for less: the message says of what. */
export class LimitError extends Error {
  override readonly name = "LimitError";
}

/** Throws unless `condition`. Give `message` as a plain string on hot paths: a template is built even when all is well. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the branch that the types rule out: does not compile when a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected value: ${JSON.stringify(value)}`);
}
