/** Goal    Of a run's attempts those are chosen that were asked for. */
import { expect, test } from "vitest";
import { type Attempt, type Choice, chooseAttempts, earlierOn } from "../../src/trace/attempts.ts";

const DURATION_NS = 100;
const attempt = (number: number, given: Partial<Attempt>): Attempt => ({
  ...{
    number,
    workload: 0,
    arrival: number,
    retry: 0,
    startNs: number,
    pair: null,
    connectedNs: null,
    servedNs: null,
    endNs: null,
  },
  ...{ outcome: "pending", gate: "none", ...given },
});

const ATTEMPTS = [
  attempt(1, { outcome: "completed", servedNs: 11, endNs: 90 }),
  attempt(2, { outcome: "completed", servedNs: 42, endNs: 43, workload: 1 }),
  attempt(3, { outcome: "timed_out", endNs: 63 }),
  attempt(4, { outcome: "completed", servedNs: 44, endNs: 60 }),
  attempt(5, {}),
];

const CASES: readonly (readonly [Choice, number[], string])[] = [
  [{}, [1], "nothing asked for is the first one"],
  [{ connection: 4 }, [4], "by number"],
  [{ connection: 6 }, [], "a number that no attempt has"],
  [{ workload: 1 }, [2], "the first of a workload"],
  [{ outcome: "timed_out" }, [3], "the first that ended so"],
  [{ workload: 1, outcome: "timed_out" }, [], "both must hold"],
  [{ slowest: 2 }, [5, 3], "one in flight waits until the end of the run"],
  [{ slowest: 2, outcome: "completed" }, [2, 4], "who was served waits no more; of equals the first begun"],
  [{ slowest: 9, workload: 1 }, [2], "no more than there are"],
];

test.each(CASES)("%j chooses %j: %s", (choice, numbers) => {
  expect(chooseAttempts(ATTEMPTS, choice, DURATION_NS).map(({ number }) => number)).toEqual(numbers);
});

test("earlier attempts are those with the same two ends that began before", () => {
  const pair = (address: number, port: number): Partial<Attempt> => ({
    pair: { address, port, server: 9, serverPort: 80 },
  });
  const all = [
    attempt(1, pair(1, 40)),
    attempt(2, pair(2, 40)),
    attempt(3, pair(1, 40)),
    attempt(4, {}),
    attempt(5, pair(1, 40)),
    attempt(6, pair(1, 41)),
    attempt(7, pair(1, 40)),
  ];
  const chosen = all.filter(({ number }) => [4, 5, 6, 7].includes(number));
  expect(earlierOn(all, chosen)).toEqual(
    new Map([
      [1, [5, 7]],
      [3, [5, 7]],
      [5, [7]],
    ]),
  );
});
