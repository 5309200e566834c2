/**
 * Goal    Whatever is entered into the connection table and taken out of it, in whatever order, it finds what is there and nothing else; and the
 *         flood's loop lets those packets pass, at those times, that one by one would have passed.
 * Method  A Map that knows the same, and a loop that takes each packet by itself.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawExponential, EXPONENTIAL, seedState } from "../../src/base/prng.ts";
import { AT, GAP, LIMIT, passStrangers } from "../../src/engine/flood-loop.ts";
import { NO_ROW, R_HASH, R_LOCAL, R_PEER, R_PORTS, ROW_SHIFT } from "../../src/engine/layout.ts";
import { ConnectionTable, hashService, hashTuple } from "../../src/engine/table.ts";

const LOCAL = (10 << 24) | 1;
const FIRST_PEER = (198 << 24) | 1;
const portsOf = (port: number): number => (80 << 16) | (1024 + port);

interface Tuple {
  readonly peer: number;
  readonly port: number;
}
/** Few peers, side by side, so that homes are shared and groups of neighbours overlap; far ones among them. */
const anyTuple: fc.Arbitrary<Tuple> = fc.record({
  peer: fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(0xffffff) }),
  port: fc.nat(3),
});

function lookUp(table: ConnectionTable, { peer, port }: Tuple): number {
  const [address, ports] = [(FIRST_PEER + peer) | 0, portsOf(port)];
  return table.find(hashTuple(LOCAL, address, ports), LOCAL, address, ports);
}

function enter(table: ConnectionTable, { peer, port }: Tuple): number {
  table.reserve(1);
  const row = table.take();
  const at = row << ROW_SHIFT;
  const [address, ports] = [(FIRST_PEER + peer) | 0, portsOf(port)];
  table.rows[at + R_LOCAL] = LOCAL;
  table.rows[at + R_PEER] = address;
  table.rows[at + R_PORTS] = ports;
  table.rows[at + R_HASH] = hashTuple(LOCAL, address, ports);
  table.link(row);
  return row;
}

/** A table of the smallest hash, nearly full where many are entered: probes are long, and it grows on the way. */
function smallTable(): ConnectionTable {
  const table = new ConnectionTable(1);
  table.reset(1, false);
  return table;
}

test("a tuple is found from when it is entered until it is taken out, and no other in its place", () => {
  const everyStep = fc.array(anyTuple, { minLength: 1, maxLength: 1500 });
  const property = fc.property(everyStep, (steps) => {
    const table = smallTable();
    const known = new Map<string, number>();
    for (const tuple of steps) {
      const key = `${tuple.peer}:${tuple.port}`;
      const row = known.get(key);
      expect(lookUp(table, tuple)).toBe(row ?? NO_ROW);
      if (row === undefined) known.set(key, enter(table, tuple));
      else {
        table.unlink(row);
        table.release(row);
        known.delete(key);
        expect(lookUp(table, tuple)).toBe(NO_ROW);
      }
    }
    for (const [key, row] of known) {
      const [peer, port] = key.split(":").map(Number) as [number, number];
      expect(lookUp(table, { peer, port })).toBe(row);
    }
    expect(table.live).toBe(known.size);
  });
  fc.assert(property, { numRuns: 100 });
});

test("packets of a flood pass until the first that has a socket, or whose time is up, at the times that one by one are drawn", () => {
  const property = fc.property(
    ...[
      fc.integer(),
      fc.array(fc.nat(300), { maxLength: 12 }),
      fc.nat(400),
      fc.double({ min: 0, max: 500, noNaN: true }),
    ],
    (seed: number, taken: number[], most: number, limit: number) => {
      const table = smallTable();
      for (const peer of new Set(taken)) enter(table, { peer, port: 0 });
      const [fast, slow] = [new Int32Array(4), new Int32Array(4)];
      seedState(fast, seed);
      seedState(slow, seed);
      const clock = new Float64Array(3);
      clock[LIMIT] = limit;
      clock[GAP] = 1;
      let [passed, at] = [0, 0];
      while (passed < most && at < limit && lookUp(table, { peer: passed, port: 0 }) === NO_ROW) {
        passed++;
        drawExponential(slow);
        at += EXPONENTIAL[0]!;
      }
      let total = 0;
      // It stops early where a draw needs its slow part, and where a fingerprint is another's: such a packet is taken by itself.
      while (total < passed) {
        const service = hashService(LOCAL, portsOf(0));
        const n = passStrangers(table, fast, clock, (FIRST_PEER + total) | 0, service, most - total);
        if (n === 0) {
          drawExponential(fast);
          clock[AT] = clock[AT]! + EXPONENTIAL[0]!;
        }
        total += Math.max(1, n);
      }
      expect([total, clock[AT], ...fast]).toEqual([passed, at, ...slow]);
      if (passed < most && at < limit)
        expect(passStrangers(table, fast, clock, (FIRST_PEER + total) | 0, hashService(LOCAL, portsOf(0)), 1)).toBe(0);
    },
  );
  fc.assert(property, { numRuns: 200 });
});
