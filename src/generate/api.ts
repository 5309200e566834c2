/** `node dist/generate/api.js`: writes docs/openapi.json and docs/metrics.md. Tests hold that they are current. */
import { writeFileSync } from "node:fs";
import { metricsDocument } from "./metrics-document.ts";
import { openApiText } from "./openapi-text.ts";

const docs = new URL("../../docs/", import.meta.url);
writeFileSync(new URL("openapi.json", docs), openApiText());
writeFileSync(new URL("metrics.md", docs), metricsDocument());
