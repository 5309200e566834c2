/**
 * Eight projects: `unit` is what `npm test` runs (minutes); `program` starts whole programs, the command line, daemons and the bench, or takes long, *.program.test.ts: `npm run test:program`; `long` holds the statistical and exhaustive tests, named
 * *.long.test.ts, which `npm run test:long` runs; `browser`, *.browser.test.ts, needs Chromium: `npm run test:browser`;
 * `tshark`, *.tshark.test.ts, needs tshark: `npm run test:tshark`; `prometheus`, *.prometheus.test.ts, needs prometheus and promtool, and Chromium to draw
 * what they answer: `npm run test:prometheus`; `kernel`, *.kernel.test.ts, asks the running Linux in network namespaces that it makes: `npm run test:kernel`;
 * `shipped`, *.shipped.test.ts, runs what ships: the experiments, and the commands that the README and docs/ show: `npm run test:shipped`.
 */
import { defineConfig } from "vitest/config";

const minutesMs = (minutes: number): number => minutes * 60_000;

export default defineConfig({
  test: {
    globalSetup: ["test/build.setup.ts"],
    // Vitest leaves a core to itself, which of two is half. Most tests wait for a process of theirs.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.{long,program,browser,tshark,prometheus,kernel,shipped}.test.ts"],
          testTimeout: minutesMs(3),
          hookTimeout: minutesMs(3),
        },
      },
      {
        extends: true,
        test: {
          name: "program",
          include: ["test/**/*.program.test.ts"],
          testTimeout: minutesMs(3),
          hookTimeout: minutesMs(3),
        },
      },
      {
        extends: true,
        test: { name: "long", include: ["test/**/*.long.test.ts"], testTimeout: minutesMs(60) },
      },
      {
        extends: true,
        test: { name: "browser", include: ["test/**/*.browser.test.ts"], testTimeout: minutesMs(3) },
      },
      {
        extends: true,
        test: { name: "tshark", include: ["test/**/*.tshark.test.ts"], testTimeout: minutesMs(3) },
      },
      {
        extends: true,
        test: { name: "prometheus", include: ["test/**/*.prometheus.test.ts"], testTimeout: minutesMs(3) },
      },
      {
        extends: true,
        test: { name: "shipped", include: ["test/**/*.shipped.test.ts"], testTimeout: minutesMs(5) },
      },
      {
        extends: true,
        test: { name: "kernel", include: ["test/**/*.kernel.test.ts"], testTimeout: minutesMs(5) },
      },
    ],
  },
});
