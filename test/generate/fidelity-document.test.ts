/**
 * Goal    docs/fidelity.md counts right, names each value that disagrees, and gives the reason that is kept for it.
 * Method  Rows written by hand.
 */
import { describe, expect, test } from "vitest";
import { fidelityDocument } from "../../src/generate/fidelity-document.ts";
import { type Reason, reasonFor } from "../../src/generate/fidelity-reasons.ts";
import type { AgreementRow } from "../../src/results/agreement.ts";

const count = (
  name: string,
  model: number,
  kernel: readonly [mean: number, min: number, max: number],
): AgreementRow => ({
  kind: "count",
  name,
  agrees: kernel[1] - 2 <= model && model <= kernel[2] + 2,
  model,
  kernel: kernel[0],
  kernelMin: kernel[1],
  kernelMax: kernel[2],
  tolerance: 2,
});
const line = (name: string, difference: number): AgreementRow => ({
  kind: "line",
  name,
  agrees: difference <= 3,
  difference,
  tolerance: 3,
  peak: 100,
});

const reasons: readonly Reason[] = [
  { recording: "01-*", value: "server_counters.*", why: "the first that fits" },
  { recording: "*", value: "*", why: "anything" },
];

describe("the fidelity document", () => {
  const text = fidelityDocument(
    [
      {
        recording: "01-one",
        kernel: { agree: 3, total: 4 },
        rows: [count("server_counters.TcpInSegs", 90, [100.5, 99, 102]), count("wire_at_server.in_syn", 5, [5, 5, 5])],
      },
      { recording: "02-two", kernel: { agree: 1, total: 1 }, rows: [count("wire_at_server.in_syn", 5, [5, 5, 5])] },
      {
        recording: "03-three",
        kernel: { agree: 0, total: 0 },
        rows: [line("timeline.syn_recv", 12.345), count("x", 9, [1, 1, 1])],
      },
    ],
    8,
    reasons.slice(0, 1),
  );

  test("has a row for each recording and one for all", () => {
    expect(text).toContain("| 01-one | 2 | 1 | 50.0 % | 75.0 % |");
    expect(text).toContain("| 02-two | 1 | 1 | 100.0 % | 100.0 % |");
    expect(text).toContain("| **all** | 5 | 2 | 40.0 % | 80.0 % |");
  });

  test("names what disagrees, with both sides and the reason", () => {
    expect(text).toContain("| `server_counters.TcpInSegs` | 90 | 100.5 [99, 102] | the first that fits |");
    expect(text).toContain("| `timeline.syn_recv` | off by 12.35 on average | peak 100, 3 allowed | unexplained |");
    expect(text).toContain("| `x` | 9 | 1 | unexplained |");
    expect(text).not.toContain("### 02-two");
  });

  test("ends with one end of line", () => {
    expect(text).toMatch(/[^\n]\n$/);
  });
});

describe("a reason", () => {
  test("is the first row of the table that fits as a whole", () => {
    expect(reasonFor("01-one", "server_counters.TcpInSegs", reasons)?.why).toBe("the first that fits");
    expect(reasonFor("101-one", "server_counters.TcpInSegs", reasons)?.why).toBe("anything");
    expect(
      reasonFor("01-one", "timeline.accept_queue[0]", [{ recording: "*", value: "timeline.*[0]", why: "w" }])?.why,
    ).toBe("w");
    expect(reasonFor("01-one", "xtimeline", [{ recording: "*", value: "timeline", why: "w" }])).toBeUndefined();
  });
});
