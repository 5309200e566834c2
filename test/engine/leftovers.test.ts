/**
 * Goal    The sockets that are left when a run ends go by their names, and those that stay for ever are told from those that a timer ends.
 * Method  One row is one scenario whose traffic stops early; after `drain_s` only what the kernel keeps for ever may be there.
 */
import { describe, expect, test } from "vitest";
import {
  LEFTOVER_KINDS,
  type Leftovers,
  leftoverSentence,
  leftoversOf,
  staysFor,
} from "../../src/results/leftovers.ts";
import { type Keys, runOf } from "./helpers.ts";

const nonzero = (all: Leftovers): Record<string, number> =>
  Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0));

const left = (
  app: Keys,
  workload: Keys,
  more: { listener?: Keys; impairments?: readonly Keys[] } = {},
): Record<string, Record<string, number>> => {
  const view = runOf({
    duration_s: 1200,
    server: { listeners: [{ port: 80, backlog: 16, app, ...more.listener }] },
    workloads: [{ kind: "connections", name: "clients", count: 10, rate_per_s: 10, ...workload }],
    impairments: more.impairments ?? [],
  });
  const { server, client } = leftoversOf(view);
  for (const side of [server, client]) {
    for (const kind of LEFTOVER_KINDS) if (staysFor(kind) === "a time") expect([kind, side[kind]]).toEqual([kind, 0]);
  }
  return { server: nonzero(server), client: nonzero(client) };
};

const cut = (direction: string, start_s: number): Keys => ({ direction, match: "any", start_s });
const STAYS = { first_closer: "none" };

describe("long after the last packet", () => {
  const cases = [
    // app, workload, more, at the server, at the clients, why
    [{}, {}, {}, {}, {}, "connections that were closed are gone"],
    [{}, STAYS, {}, { open: 10 }, { open: 10 }, "connections that nobody closes are open"],
    [{ close: "never" }, {}, {}, { close_wait: 10 }, {}, "an application that never closes has CLOSE_WAIT"],
    [
      { close: "never" },
      { half_close: true },
      {},
      { close_wait: 10 },
      { half_closed: 10 },
      "and its half-closed peers wait for it",
    ],
    [{}, { hold_s: 5 }, { impairments: [cut("to_server", 3)] }, { ghost: 10 }, {}, "clients that vanish leave ghosts"],
    [
      { close: "on_accept", close_delay_s: 5 },
      STAYS,
      { impairments: [cut("to_client", 3)] },
      {},
      { ghost: 10 },
      "a server that vanishes too",
    ],
    [
      { keepalive: {} },
      { hold_s: 5 },
      { impairments: [cut("to_server", 3)] },
      { ghost: 10 },
      {},
      "keepalive's defaults take two hours",
    ],
    [
      { keepalive: { time_s: 60 } },
      { hold_s: 5 },
      { impairments: [cut("to_server", 3)] },
      {},
      {},
      "a minute of silence, and the ghosts are gone",
    ],
    [
      {},
      { close_with_rst: true },
      { listener: { accept: { mode: "never" } } },
      { unread: 10 },
      {},
      "reset before accept(), they stay in the accept queue",
    ],
  ] as const;
  for (const [app, workload, more, server, client, why] of cases) {
    test(why, () => {
      expect(left(app, workload, more)).toEqual({ server, client });
    });
  }
});

describe("while traffic flows", () => {
  // Connected at 0.1 s, closed at 0.3 s; the server hears of it at 0.35 s.
  const cases = [
    [0.08, { half_open: 20 }, { connecting: 20 }, "a handshake"],
    [
      0.12,
      { half_open: 20 },
      { ghost: 20 },
      "the client is connected, the server waits for its ACK: the client cannot know",
    ],
    [0.2, { open: 20 }, { open: 20 }, "a connection"],
    [0.32, { open: 20 }, { closing: 20 }, "a FIN under way makes no ghost"],
    [0.5, {}, { time_wait: 20 }, "closed"],
  ] as const;
  for (const [atS, server, client, why] of cases) {
    test(`${why}, at ${atS} s`, () => {
      const view = runOf({
        duration_s: atS,
        sample_interval_s: 0.01,
        server: { listeners: [{ port: 80, backlog: 64 }] },
        client: { one_way_delay_s: 0.05 },
        workloads: [{ kind: "connections", name: "clients", count: 20, hold_s: 0.2 }],
      });
      const left = leftoversOf(view);
      expect({ server: nonzero(left.server), client: nonzero(left.client) }).toEqual({ server, client });
    });
  }
});

test("a sentence says how many, what they are, and what ends them", () => {
  expect(leftoverSentence("server", "close_wait", "12")).toBe(
    "At the end 12 sockets of the server are in CLOSE_WAIT: the other end has closed, the application has not.",
  );
  expect(leftoverSentence("clients", "time_wait", "3")).toBe(
    "At the end 3 sockets of the clients are in TIME_WAIT; the timer of 60 s ends them.",
  );
});
