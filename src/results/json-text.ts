/** JSON as people read it: two spaces, lists of plain values on one line. Equal values in equal order give equal text. */
import { assert } from "../base/assert.ts";

export function jsonText(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return plainText(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every(isPlain)) return `[${value.map(plainText).join(", ")}]`;
    return block(
      "[",
      value.map((child) => jsonText(child, inner)),
      "]",
      indent,
    );
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  return block(
    "{",
    entries.map(([key, child]) => `${JSON.stringify(key)}: ${jsonText(child, inner)}`),
    "}",
    indent,
  );
}

const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;

const block = (open: string, lines: readonly string[], close: string, indent: string): string =>
  `${open}\n${lines.map((line) => `${indent}  ${line}`).join(",\n")}\n${indent}${close}`;

function plainText(value: unknown): string {
  assert(typeof value !== "number" || Number.isFinite(value), "JSON has no NaN and no infinity");
  const text = JSON.stringify(value);
  assert(text !== undefined, "JSON has no undefined");
  return text;
}
