/** `node dist/generate/dashboards.js`: writes /dashboards and the rules of config/. A test holds that they are current. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dashboardFiles } from "./dashboard-files.ts";

const top = new URL("../../", import.meta.url);

for (const [path, text] of dashboardFiles()) {
  const file = new URL(path, top);
  mkdirSync(new URL(".", file), { recursive: true });
  writeFileSync(file, text);
}
