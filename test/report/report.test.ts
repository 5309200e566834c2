/**
 * Goal    The page stands by itself, says everything that the summary says, and nobody's text can do more in it than be read.
 * Method  Text of the page; it is looked at in a browser by test/browser/report.browser.test.ts.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { reportHtml } from "../../src/report/report.ts";
import type { ExperimentSummary } from "../../src/results/summary-format.ts";
import { handMade, verdicts } from "./hand-made.ts";

const page = reportHtml(handMade, verdicts);
const scriptsOf = (text: string): string[] =>
  [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? "");
const markupOf = (text: string): string => text.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, "");
const headingsOf = (text: string, level: number): string[] =>
  [...markupOf(text).matchAll(new RegExp(`<h${level}>(.*?)</h${level}>`, "g"))].map((match) =>
    (match[1] ?? "").replace(/<[^>]*>/g, ""),
  );

test("the kernel log says what dmesg would", () => {
  expect(page).toContain("[    4.250000] TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:80. ");
});

test("equal summaries give equal bytes", () => {
  expect(reportHtml(structuredClone(handMade), structuredClone(verdicts))).toBe(page);
});

describe("the page has a part for", () => {
  test("each thing that there is to say", () => {
    const parts = [
      "What it means",
      "What was run",
      "Thresholds",
      "Summary",
      "Differences against “defaults”",
      "Kernel log",
      "Over time",
    ];
    expect(headingsOf(page, 1)).toEqual(["flood-vs-tunings"]);
    expect(headingsOf(page, 2)).toEqual(parts);
  });

  test("nothing that there is not, and its links lead somewhere", () => {
    const silent = handMade.tunings.map((tuning) => ({ ...tuning, lines: { ...tuning.lines, kernel_log: [] } }));
    const bare = reportHtml({ ...handMade, tunings: silent, differences: [], thresholds: [] });
    expect(headingsOf(bare, 2)).toEqual(["What was run", "Summary", "Over time"]);
    for (const text of [page, bare]) {
      const links = [...markupOf(text).matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? "");
      expect(links.length).toBe(headingsOf(text, 2).length);
      for (const link of links) expect(text).toContain(`<section id="${link.slice(1)}">`);
    }
  });

  test("each figure, with a caption", () => {
    expect(headingsOf(page, 3).slice(verdicts.length)).toEqual([
      "Accept queue of port 80",
      "SYN queue of port 80",
      "Connections per second: legit",
      "Comb of connect latencies: legit",
      "Packets of clients that were lost, by gate",
      "Packets of floods that were lost, by gate",
      "Attempts that failed, by gate",
      "Sockets of the server, by state",
      "Sockets of the clients, by state",
    ]);
    expect(page.match(/<figcaption>[^<]{100,}<\/figcaption>/g)).toHaveLength(9);
  });

  test("what was run, each tuning with what it changes", () => {
    const facts = ["30 s of each run", "12 (3 tunings × 4 seeds)", "1 to 4", "Linux 6.18"];
    for (const fact of facts) expect(page).toContain(`<dd>${fact}</dd>`);
    expect(page).toContain("nothing: the scenario as it is");
    expect(page).toContain("<code>server.listeners.80.backlog</code> = <code>4096</code>");
  });

  test("each verdict's sentences", () => {
    for (const { sentences } of verdicts)
      for (const sentence of sentences) expect(page).toContain(`<p>${sentence}</p>`);
  });
});

describe("the page loads nothing", () => {
  test("no address stands in it but in comments", () => {
    const code = page.replace(/\/\*[\s\S]*?\*\//g, "");
    expect(code.match(/https?:\/\/[^\s"']*|["'(]\/\/\w[^\s"']*/g)).toBeNull();
    expect(code).not.toMatch(/@import|url\(|\bimport\(|\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon/);
    expect(markupOf(page)).not.toMatch(/\ssrc=|<link|<iframe|<img|<base/);
  });

  test("its policy allows its own script and no other", () => {
    const [, script = ""] = scriptsOf(page);
    const hash = createHash("sha256").update(script).digest("base64");
    expect(page).toContain(`content="default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'"`);
  });

  test("uPlot is in it, and its licence with it", () => {
    for (const part of [...scriptsOf(page).slice(1), /<style>([\s\S]*?)<\/style>/.exec(page)?.[1]]) {
      expect(part).toContain("Copyright (c) 2022 Leon Sorokin");
      expect(part).toContain("u-cursor-x");
    }
  });
});

describe("text of users is text", () => {
  const attack = `</script><!--<script>alert("1")</script><img src=x onerror='alert(2)'>&amp;"'\u2028`;
  const [first, ...others] = handMade.tunings;
  const hostile: ExperimentSummary = {
    ...handMade,
    ...{ name: attack, description: attack },
    tunings: [
      {
        ...first!,
        name: attack,
        changes: [
          { path: attack, value: attack },
          { path: "list", value: [attack] },
        ],
      },
      ...others.map((tuning) => ({
        ...tuning,
        clients: tuning.clients.map((clients) => ({ ...clients, name: attack })),
        floods: tuning.floods.map((flood) => ({ ...flood, name: attack })),
      })),
    ],
    differences: handMade.differences.map((row) => ({ ...row, tuning: attack, metric: attack })),
    thresholds: [{ threshold: attack, tuning: attack, value: null, holds: false }],
  };
  const text = reportHtml(hostile, [{ tuning: attack, sentences: [attack] }]);

  test("no element comes of it", () => {
    const tags = (of: string): string[] => [...new Set(markupOf(of).match(/<!?[a-z]\w*/gi))].sort();
    expect(scriptsOf(text)).toHaveLength(2);
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(text).not.toContain("<!--");
    expect(tags(text)).toEqual(tags(page));
    expect(
      markupOf(text)
        .match(/\son\w+=/g)
        ?.every((found) => found === " onerror=") ?? true,
    ).toBe(true);
  });

  test("it is shown as it was written, wherever it stands", () => {
    const escaped =
      "&lt;/script&gt;&lt;!--&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&amp;amp;&quot;&#39;\u2028";
    const places = ["<title>", "<h1>", '<p class="question">', "<code>", "</i>", "<p>"];
    for (const place of places) expect(text, place).toContain(`${place}${escaped}`);
    expect(text.split("onerror=&#39;").length - 1).toBe(markupOf(text).split("onerror=").length - 1);
  });

  test("the data in the page is the summary, to the last character", () => {
    expect(JSON.parse(scriptsOf(text)[0] ?? "")).toEqual(hostile);
    expect(JSON.parse(scriptsOf(page)[0] ?? "")).toEqual(handMade);
  });
});
