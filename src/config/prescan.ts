/**
 * Prescan: refuses texts that would make the YAML parser slow or exhaust its memory, before it sees them.
 *
 * Method  The parser is recursive and keeps all of a text, its lexer is neither: so the tokens are counted first, and the nesting
 *         that they open. Block levels are counted by indentation, and by the indicators (`- - -`) of one line.
 */
import { Lexer } from "yaml";
import { formatCount } from "../base/units.ts";
import type { IssueCode } from "./issues.ts";
import { MAX_CHARACTERS, MAX_DEPTH } from "./text-limits.ts";

/** Tokens of the lexer, about ten for each line of YAML. */
export const MAX_TOKENS = 400_000;

export interface PrescanIssue {
  readonly code: IssueCode;
  readonly message: string;
}

export const TOO_DEEP: PrescanIssue = {
  code: "too-deep",
  message: `found lists and maps nested deeper than ${MAX_DEPTH} levels, which is the most that is allowed`,
};

const tooLarge = (found: string, limit: number, of: string): PrescanIssue => ({
  code: "too-large",
  message: `found ${found} ${of}, at most ${formatCount(limit)} are allowed`,
});

/** The first reason to refuse `text`, or null. */
export function prescan(text: string): PrescanIssue | null {
  if (text.length > MAX_CHARACTERS) return tooLarge(formatCount(text.length), MAX_CHARACTERS, "characters");
  let tokens = 0;
  let flowDepth = 0;
  /** Indentations of the block levels that are open. */
  const indents: number[] = [];
  let atLineStart = true;
  let indicatorsInLine = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MAX_TOKENS) return tooLarge("too many", MAX_TOKENS, "tokens");
    if (token === "\n" || token === "\r\n") {
      atLineStart = true;
      indicatorsInLine = 0;
      continue;
    }
    if (token === "[" || token === "{") flowDepth += 1;
    if (token === "]" || token === "}") flowDepth -= 1;
    if (flowDepth > MAX_DEPTH) return TOO_DEEP;
    if (flowDepth > 0) continue;
    if (atLineStart) {
      atLineStart = false;
      const indent = /^ +$/.test(token) ? token.length : 0;
      while (indents.length > 0 && (indents.at(-1) ?? 0) >= indent) indents.pop();
      indents.push(indent);
    }
    if (token === "-" || token === "?" || token === ":") indicatorsInLine += 1;
    if (indents.length > MAX_DEPTH + 1 || indicatorsInLine > MAX_DEPTH) return TOO_DEEP;
  }
  return null;
}
