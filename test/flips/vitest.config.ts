/** `npm run flips`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/flips/flips.run.ts"], testTimeout: 120_000, maxConcurrency: 2 },
});
