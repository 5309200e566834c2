import { describe, expect, test } from "vitest";
import { cutIndices, makeConstant, plainFields, writeInConstants } from "../../src/generate/bundle-engine.ts";

describe("the engine's bundle", () => {
  test("top-level variables become constants, others stay", () => {
    expect(makeConstant("var WORDS = 4;\nclass A {\n  f() {\n    var x = 1;\n  }\n}")).toBe(
      "const WORDS = 4;\nclass A {\n  f() {\n    var x = 1;\n  }\n}",
    );
  });

  test("functions become constants too, before all that may call them; functions within functions stay", () => {
    const printed =
      "var X = twice(2);\nfunction nothing() {}\nfunction twice(n) {\n  function f() {\n  }\n  return 2 * n;\n}\nexport { X };";
    const constant = makeConstant(printed);
    expect(constant.split("\n").filter((line) => line !== "")).toEqual([
      "const nothing = function() {};",
      "const twice = function(n) {",
      ...["  function f() {", "  }", "  return 2 * n;", "};"],
      "const X = twice(2);",
      "export { X };",
    ]);
  });

  test("members of constant tables become their numbers, others and comments stay", () => {
    const tables = { Gate: { none: 0, accept_queue: 3 } };
    expect(writeInConstants("/* Gate.none */ f(Gate.accept_queue, Gate.other, host.Gate.none)", tables)).toBe(
      "/* Gate.none */ f(/* Gate.accept_queue */ 3, Gate.other, host.Gate.none)",
    );
  });

  test("indices of words are cut to int32, those of anything else stay", () => {
    expect(cutIndices("rows[at + 3] = this.Link_words[(row << 4) + A_ID] + names[prefix + 1];")).toBe(
      "rows[at + 3 | 0] = this.Link_words[(row << 4) + A_ID | 0] + names[prefix + 1];",
    );
  });

  const printed = [
    "const SIZE = 4, Ring = class {",
    "  #words;",
    "  now;",
    "  #count = 0;",
    "  constructor(now, other) {",
    "    this.now = now, this.#words = other.#words;",
    "  }",
    "  get length() {",
    "    return this.#size();",
    "  }",
    "  #size() {",
    '    return "#count: ".concat(this.#count);',
    "  }",
    "}, Other = class extends Ring {",
    "  #count;",
    "  constructor(now) {",
    "    super(now, SIZE), this.#count = 1;",
    "  }",
    "};",
  ].join("\n");

  test("fields are members of their class, and begin with what the constructor gives them", () => {
    const plain = plainFields(printed);
    expect(plain).not.toMatch(/\.#|^ {2}#/m);
    expect(plain).not.toMatch(/^ {2}\w+;$/m);
    expect(plain).toContain("this.now = now, this.Ring_words = other.Ring_words;");
    expect(plain).toContain('return "#count: ".concat(this.Ring_count);');
  });

  test("a class and its subclass may have private members of one name", () => {
    const plain = plainFields(printed);
    expect(plain).toContain("Ring_count = 0;");
    expect(plain).toContain("this.Other_count = 1;");
  });
});
