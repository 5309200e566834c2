/**
 * Values: the numbers of a result, by their place in its layout.
 *
 * Purpose     A result is nearly all zeros (buckets of histograms). Thousands of them can be kept side by side without these.
 */
export interface Values {
  readonly length: number;
  at(index: number): number;
  /** The numbers from `from` on; to be read only. */
  section(from: number, length: number): Float64Array;
  /** For each of `ends`, which ascend: the sum of what stands from `from` on, up to and without `from + end`. */
  sumsUpTo(from: number, ends: readonly number[]): number[];
}

/** Windows on the result's own memory. */
export class DenseValues implements Values {
  readonly #values: Float64Array;

  constructor(values: Float64Array) {
    this.#values = values;
  }

  get length(): number {
    return this.#values.length;
  }

  at(index: number): number {
    return this.#values[index] ?? 0;
  }

  section(from: number, length: number): Float64Array {
    return this.#values.subarray(from, from + length);
  }

  sumsUpTo(from: number, ends: readonly number[]): number[] {
    let sum = 0;
    let at = from;
    return ends.map((end) => {
      for (; at < from + end; at++) sum += this.at(at);
      return sum;
    });
  }
}

/** What is not 0 of a result, as plain data: a few kilobytes in place of a megabyte on the way between threads. */
export interface SparseParts {
  /** Of the whole. */
  readonly length: number;
  /** Ascending. */
  readonly places: Uint32Array;
  /** What stands there. */
  readonly numbers: Float64Array;
}

export function sparseParts(values: Float64Array): SparseParts {
  // Looked at as integers, which V8 never boxes.
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  if (found.length < values.length) found = new Uint32Array(values.length);
  let count = 0;
  for (let at = 0; at < words.length; at += 2) {
    if (((words[at] ?? 0) | (words[at + 1] ?? 0)) !== 0) found[count++] = at >> 1;
  }
  const places = found.slice(0, count);
  return { length: values.length, places, numbers: Float64Array.from(places, (place) => values[place] ?? 0) };
}

/** Room for the places of the largest result so far. */
let found = new Uint32Array(0);

/** The whole again, to the bit. */
export function wholeOf({ length, places, numbers }: SparseParts): Float64Array {
  const values = new Float64Array(length);
  places.forEach((place, at) => {
    values[place] = numbers[at] ?? 0;
  });
  return values;
}

/** Only what is not 0. */
export class SparseValues implements Values {
  readonly length: number;
  readonly #places: Uint32Array;
  readonly #numbers: Float64Array;

  constructor({ length, places, numbers }: SparseParts) {
    this.length = length;
    this.#places = places;
    this.#numbers = numbers;
  }

  at(index: number): number {
    const found = this.#firstFrom(index);
    return this.#places[found] === index ? (this.#numbers[found] ?? 0) : 0;
  }

  section(from: number, length: number): Float64Array {
    const section = new Float64Array(length);
    const end = this.#firstFrom(from + length);
    for (let i = this.#firstFrom(from); i < end; i++) section[(this.#places[i] ?? 0) - from] = this.#numbers[i] ?? 0;
    return section;
  }

  sumsUpTo(from: number, ends: readonly number[]): number[] {
    let sum = 0;
    let i = this.#firstFrom(from);
    return ends.map((end) => {
      for (; (this.#places[i] ?? Number.POSITIVE_INFINITY) < from + end; i++) sum += this.#numbers[i] ?? 0;
      return sum;
    });
  }

  /** How many places are below `place`. */
  #firstFrom(place: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
