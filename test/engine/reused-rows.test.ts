/**
 * Goal    Who holds on to a socket that is gone does nothing to those that its rows were given to, as first, second or third row.
 * Method  Attempt 0 is reset. Attempt 1 gets its rows, the first one as the second row, in whose word for the attempt are bytes received: none, as
 *         many as the number of the attempt that is gone.
 */
import { expect, test } from "vitest";
import { closeSocket } from "../../src/engine/close.ts";
import { ACK, ESTABLISHED, FULL_ROW, RST } from "../../src/engine/layout.ts";
import { TestHost } from "./helpers.ts";

const [GONE, LIVING] = [0, 1];

/** A server with attempt 1 established, whose second row is the first that attempt 0 had. */
function reused(): { server: TestHost; row: number } {
  const server = new TestHost();
  server.establish(40_000, 100, { attempt: GONE });
  const row = server.accept();
  const next = (server.syn(40_001, 100, { attempt: LIVING }) + 1) | 0;
  server.receive({ flags: RST | ACK, seq: 101, ack: 0, attempt: GONE });
  closeSocket(server.host, row, GONE, false);
  expect(server.host.stateOf(row)).toBe(0);
  server.receive({ flags: ACK, seq: 101, ack: next, port: 40_001, attempt: LIVING });
  expect(server.host.stateOf(row)).toBe(FULL_ROW);
  server.sent.length = 0;
  return { server, row };
}

test("a row that is another's second row is nobody's socket", () => {
  const { server, row } = reused();
  expect(server.host.isOf(row, GONE)).toBe(false);
});

test("close() of a socket that is gone leaves alone who has its rows now", () => {
  const { server, row } = reused();
  closeSocket(server.host, row, GONE, false);
  expect(server.sent).toEqual([]);
  expect(server.host.orphans).toBe(0);
  expect(server.stateOf(40_001)).toBe(ESTABLISHED);
});
