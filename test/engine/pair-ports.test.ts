/**
 * Goal    The worst address pair is the one whose ports were shortest.
 * Method  Pairs by hand, more than the first table holds; which of two is worse, row by row.
 */
import { describe, expect, test } from "vitest";
import { PairPorts } from "../../src/engine/pair-ports.ts";

/** Takes `peak` ports and gives them back; `refused` attempts find none. */
function use(pairs: PairPorts, local: number, port: number, peak: number, refused = 0): void {
  for (let k = 0; k < peak; k++) pairs.take(local, port);
  for (let k = 0; k < peak; k++) pairs.giveBack(local, port);
  for (let k = 0; k < refused; k++) pairs.refuse(local, port);
}

test("nobody connected: there is none", () => {
  expect(new PairPorts().worst()).toBeNull();
});

describe("of two pairs the worse is", () => {
  const rows = [
    // [address, port, peak, refused] twice, which is worse, why
    [[1, 80, 5, 0], [2, 80, 6, 0], 1, "the one that had more ports taken"],
    [[1, 80, 9, 1], [2, 80, 2, 2], 1, "the one where more attempts found none, however many were taken"],
    [[1, 80, 5, 0], [1, 81, 5, 0], 0, "of equal ones that of the smaller port"],
    [[-1, 80, 5, 0], [2, 80, 5, 0], 1, "of the smaller address, unsigned"],
  ] as const;
  for (const [first, second, worse, why] of rows) {
    test(why, () => {
      for (const order of [
        [first, second],
        [second, first],
      ]) {
        const pairs = new PairPorts();
        for (const [local, port, peak, refused] of order) use(pairs, local, port, peak, refused);
        const [local, port, peak, refused] = worse === 0 ? first : second;
        expect(pairs.worst()).toEqual({ local, port, peak, refused });
      }
    });
  }
});

test("the peak is of ports taken at one time", () => {
  const pairs = new PairPorts();
  for (let k = 0; k < 10; k++) use(pairs, 7, 80, 3);
  expect(pairs.worst()?.peak).toBe(3);
});

test("a thousand pairs are kept apart", () => {
  const pairs = new PairPorts();
  for (let k = 0; k < 1000; k++) pairs.take(k, 80 + (k % 3));
  for (let k = 0; k < 1000; k++) pairs.take(k, 80 + (k % 3));
  pairs.take(500, 80 + (500 % 3));
  expect(pairs.worst()).toEqual({ local: 500, port: 82, peak: 3, refused: 0 });
});
