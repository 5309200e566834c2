/** `node dist/generate/dashboards.js`: writes /dashboards. A test holds that it is current. */
import { mkdirSync, writeFileSync } from "node:fs";
import { allDashboards, dashboardText } from "../dashboards/all.ts";

const folder = new URL("../../dashboards/", import.meta.url);

mkdirSync(folder, { recursive: true });
for (const [file, dashboard] of allDashboards()) writeFileSync(new URL(file, folder), dashboardText(dashboard));
