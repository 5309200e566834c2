/** Shapes: what a parsed file must look like, so that its readers need not look again. */

/** Where the value is not as it should be, in words; null: it is. `path` names the value. */
export type Shape = (value: unknown, path: string) => string | null;

const be =
  (what: string, is: (value: unknown) => boolean): Shape =>
  (value, path) =>
    is(value) ? null : `${path} is not ${what}`;

export const anything: Shape = () => null;
export const text = be("text", (value) => typeof value === "string");
export const number = be("a number", (value) => typeof value === "number" && Number.isFinite(value));
export const truth = be("true or false", (value) => typeof value === "boolean");

export const oneOf = (...words: readonly string[]): Shape =>
  be(`one of ${words.join(", ")}`, (value) => typeof value === "string" && words.includes(value));

export const orNull =
  (shape: Shape): Shape =>
  (value, path) =>
    value === null ? null : shape(value, path);

export function listOf(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is not a list`;
    return firstFault(value.map((child, index) => () => shape(child, `${path}[${index}]`)));
  };
}

/** With these keys; others are passed over. */
export function objectOf(shapes: Readonly<Record<string, Shape>>): Shape {
  return (value, path) => {
    if (!isObject(value)) return `${path} is not an object`;
    return firstFault(
      Object.entries(shapes).map(
        ([key, shape]) =>
          () =>
            shape(value[key], below(path, key)),
      ),
    );
  };
}

/** Any of `names` as keys, and no other; null: any key. */
export function mapOf(names: readonly string[] | null, shape: Shape): Shape {
  return (value, path) => {
    if (!isObject(value)) return `${path} is not an object`;
    return firstFault(
      Object.entries(value).map(
        ([key, child]) =>
          () =>
            names === null || names.includes(key) ? shape(child, below(path, key)) : `${below(path, key)} is unknown`,
      ),
    );
  };
}

const below = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

function firstFault(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const fault = check();
    if (fault !== null) return fault;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
