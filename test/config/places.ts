/** Places in plain values, to break them one by one. */

/** Every place in `value`, as a path. */
export function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [
    path,
    ...[...keys].flatMap((key) => places((value as Record<string | number, unknown>)[key], [...path, key])),
  ];
}

/** A copy of `value` with the part at `path` replaced. */
export function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return by;
  const inner = replaced((value as Record<string | number, unknown>)[head], rest, by);
  if (Array.isArray(value)) return value.map((element, index) => (index === head ? inner : element));
  return { ...(value as object), [head]: inner };
}
