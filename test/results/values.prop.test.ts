/**
 * Goal    A result without its zeros reads as the whole one does.
 * Method  Random lists, mostly zeros; every place and random sections.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { DenseValues, SparseValues, sparseParts, type Values, wholeOf } from "../../src/results/values.ts";

const number = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.double(), fc.constant(Number.NaN));

test("every place and every section are the same with and without zeros", () => {
  const same = fc.property(fc.array(number), fc.nat(), fc.nat(), (numbers, a, b) => {
    const dense = new DenseValues(Float64Array.from(numbers));
    const sparse = new SparseValues(sparseParts(Float64Array.from(numbers)));
    expect(sparse.length).toBe(dense.length);
    // A negative zero is a zero.
    for (const index of numbers.keys()) expect(sparse.at(index) + 0).toBe(dense.at(index) + 0);
    const from = a % (numbers.length + 1);
    const length = b % (numbers.length - from + 1);
    const section = (values: Values) => values.section(from, length).map((value) => value + 0);
    expect(section(sparse)).toEqual(section(dense));
    const ends = [0, Math.floor(length / 2), length];
    expect(sparse.sumsUpTo(from, ends)).toEqual(dense.sumsUpTo(from, ends));
  });
  fc.assert(same);
});

test("the whole comes back from what is not 0, to the bit", () => {
  const bits = (values: Float64Array): Uint8Array => new Uint8Array(values.buffer);
  const same = fc.property(fc.array(number), (numbers) => {
    const values = Float64Array.from(numbers);
    expect(bits(wholeOf(sparseParts(values)))).toEqual(bits(values));
  });
  fc.assert(same);
});
