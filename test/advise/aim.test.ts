/**
 * Goal    A change is judged by what the tuning lacks: clients who stay outside, else clients who wait.
 * Method  Summaries by hand; then one that is simulated.
 */
import { describe, expect, test } from "vitest";
import { aimOf } from "../../src/advise/aim.ts";
import type { Binding } from "../../src/results/blame.ts";
import { runCli } from "../cli/run-cli.ts";
import { clients, measure, tuning } from "../results/summaries.ts";

const binding = (by: Binding["by"]): Binding => ({
  ...{ gate: "accept_queue_at_syn", by, share_ratio: 1, from_s: null, until_s: null },
});
const served = (count: number) => tuning({ clients: [clients({ served: measure(count) })] });
const waiting = (queueS: number, pathS: number, count = 100) =>
  tuning({
    clients: [
      clients({
        served: measure(count),
        wait_s: { accept_queue_at_syn: measure(queueS), path_to_server: measure(pathS), none: measure(1000) },
      }),
    ],
  });

test("clients outside weigh more than late ones, and who is neither lacks nothing", () => {
  expect(aimOf(served(99), binding("waited"))?.reached).toBe("serves nearly all");
  expect(aimOf(served(100), binding("waited"))?.reached).toBe("ends this waiting");
  expect(aimOf(served(100), binding("failed"))).toBeNull();
});

describe("where all get in, less waiting is better", () => {
  const aim = aimOf(waiting(10, 2), binding("waited"));
  const rows = [
    [waiting(9, 2), true, false, "less at the gate, not nearly nothing"],
    [waiting(0.5, 2), true, true, "a twentieth is left"],
    [waiting(0, 12), false, true, "what is won at the gate is lost on the path"],
    [waiting(0, 0, 99), false, true, "a client who is kept out waits for nothing"],
  ] as const;
  for (const [after, isBetter, isEnough, why] of rows) {
    test(`${why}: ${isBetter ? "better" : "not better"}`, () => {
      const before = waiting(10, 2);
      expect(aim && [aim.of(after) > aim.of(before), aim.isEnough(before, after)]).toEqual([isBetter, isEnough]);
    });
  }
  test("waiting for no gate is the normal course", () => {
    expect(aim?.effect(waiting(10, 2), waiting(0, 2))).toMatch(/^120 ms → 20 ms of waiting per client, connect p99 /);
  });
});

test("clients who are all served but late get advice that was simulated", async () => {
  const args = ["run", "one-three-seven-seconds", "--tuning", "clear_path", "--seeds", "2"];
  const { stdout } = await runCli(args);
  const text = stdout.replaceAll(/\s+/g, " ");
  expect(text).toContain("The smallest change tried that ends this waiting: server.listeners.80.backlog = 1024:");
  expect(text).toContain("→ 0 of waiting per client, connect p99 1.07 s → 40 ms.");
});
