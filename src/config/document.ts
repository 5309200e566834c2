/**
 * Document: YAML text → plain value, and where each of its parts stands.
 *
 * Purpose     The only door to the `yaml` package. JSON is YAML, so recordings load too.
 * Limits      Size and depth (prescan.ts) and aliases are bounded, duplicate keys are found here in linear time (the package compares
 *             each key with all before it), so that no text makes it slow.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";
import { err, ok, type Result } from "../base/result.ts";
import type { IssueCode } from "./issues.ts";
import { prescan, TOO_DEEP } from "./prescan.ts";
import { MAX_DEPTH } from "./text-limits.ts";

const MAX_ALIASES = 100;

export type Path = readonly (string | number)[];
export interface Position {
  readonly line: number;
  readonly column: number;
}
/** An issue before it has a place in the words of the user. */
export interface DocumentIssue extends Position {
  readonly code: IssueCode;
  readonly message: string;
  readonly hint?: string;
}

export interface LoadedDocument {
  readonly value: unknown;
  /** Position of the value at `path`; of the nearest part around it when it is not there. */
  positionOf(path: Path): Position;
  /** Position of the key that ends `path`. */
  positionOfKey(path: Path): Position;
  /** A scalar's text as it was written: `6.10` is the number 6.1, but not the kernel 6.1. */
  sourceOf(path: Path): string | undefined;
}

export function loadDocument(text: string): Result<LoadedDocument, readonly DocumentIssue[]> {
  const start: Position = { line: 1, column: 1 };
  const refused = prescan(text);
  if (refused) return err([{ ...refused, ...start }]);
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "error",
  });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return err(
      broken.map(({ code, pos, message }) => ({ code: "syntax", ...position(pos[0]), message: plain(code, message) })),
    );
  }
  const found = inspect(document, position);
  if (found.length > 0) return err(found);

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = `found aliases of aliases that stand for more than ${MAX_ALIASES} parts, which is the most that is allowed`;
    return err([{ code: "bad-alias", ...start, message }]);
  }
  return ok({
    value,
    positionOf: (path) => position(offsetOf(document, path, false)),
    positionOfKey: (path) => position(offsetOf(document, path, true)),
    sourceOf: (path) => {
      const node = steps(document, path).at(-1)?.node;
      return steps(document, path).length === path.length + 1 && isScalar(node) ? node.source : undefined;
    },
  });
}

/** The package's own words but for one, which speak to programmers. */
const plain = (code: string, message: string): string =>
  code === "MULTIPLE_DOCS" ? "found a second document (---), a file holds one scenario" : message;

/** Depth, duplicate keys and aliases, without recursion. */
function inspect(document: Document, position: (offset: number) => Position): DocumentIssue[] {
  const issues: DocumentIssue[] = [];
  const add = (code: IssueCode, node: Node, message: string): void => {
    issues.push({ code, ...position(node.range?.[0] ?? 0), message });
  };
  let aliases = 0;
  const open: { node: unknown; depth: number }[] = [{ node: document.contents, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next;
    if (isAlias(node)) {
      aliases += 1;
      // Each resolve() walks the document.
      if (aliases > MAX_ALIASES) {
        add("bad-alias", node, `found more than ${MAX_ALIASES} aliases, which is the most that is allowed`);
        break;
      }
      const target = node.resolve(document);
      const within =
        target?.range && node.range && target.range[0] <= node.range[0] && node.range[1] <= target.range[1];
      if (!target) add("bad-alias", node, `found *${node.source}, but no &${node.source} before it`);
      if (within) add("bad-alias", node, `found *${node.source} inside of what it stands for`);
    }
    if (!isMap(node) && !isSeq(node)) continue;
    if (depth > MAX_DEPTH) {
      add("too-deep", node, TOO_DEEP.message);
      break;
    }
    const keys = new Set<string>();
    for (const item of node.items) {
      if (!isPair(item)) {
        open.push({ node: item, depth: depth + 1 });
        continue;
      }
      open.push({ node: item.key, depth: depth + 1 }, { node: item.value, depth: depth + 1 });
      if (!isScalar(item.key)) continue;
      const key = String(item.key.value);
      if (keys.has(key)) {
        add("duplicate-key", item.key, `found the key "${key.slice(0, 64)}" a second time in one map, once is allowed`);
      }
      keys.add(key);
    }
  }
  return issues.sort((a, b) => a.line - b.line || a.column - b.column);
}

interface Step {
  readonly node: unknown;
  /** The key node under which `node` stands, in a map. */
  readonly key?: unknown;
}

/** The nodes along `path`, as far as it leads; the first one is the document's. */
function steps(document: Document, path: Path): Step[] {
  const taken: Step[] = [{ node: document.contents }];
  for (const part of path) {
    let node = taken.at(-1)?.node;
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair) break;
      taken.push({ node: pair.value, key: pair.key });
    } else if (isSeq(node) && typeof part === "number" && part < node.items.length) {
      taken.push({ node: node.items[part] });
    } else break;
  }
  return taken;
}

function offsetOf(document: Document, path: Path, ofKey: boolean): number {
  const taken = steps(document, path);
  if (ofKey && taken.length === path.length + 1) {
    const key = taken.at(-1)?.key;
    if (isNode(key)) return key.range?.[0] ?? 0;
  }
  for (const { node, key } of taken.reverse()) {
    // An empty value has no extent of its own: its key shows the place better.
    if (isScalar(node) && node.source === "" && isNode(key)) return key.range?.[0] ?? 0;
    if (isNode(node) && node.range) return node.range[0];
    if (isNode(key) && key.range) return key.range[0];
  }
  return 0;
}
