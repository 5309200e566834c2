/**
 * `node dist/generate/schemas.js [--check]`: writes config/schema/, the JSON Schemas for editors. With --check nothing is written; exit 1 says
 * that a committed file is not what would be written.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { schemaTexts } from "../config/json-schema.ts";

const folder = new URL("../../config/schema/", import.meta.url);
const isCheck = process.argv.includes("--check");

mkdirSync(folder, { recursive: true });
for (const [file, text] of Object.entries(schemaTexts())) {
  const url = new URL(file, folder);
  if (!isCheck) {
    writeFileSync(url, text);
  } else if (readFileSync(url, "utf8") !== text) {
    process.stderr.write(`config/schema/${file} is not current: npm run docs:schema\n`);
    process.exitCode = 1;
  }
}
