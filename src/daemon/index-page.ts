/**
 * The page at /: links to everything, and live numbers from /api/v1/status.
 *
 * Why     It holds no data itself, so that it may be open to all; its script asks with the token that the user types, which is kept for the tab.
 *         Names come as text nodes, never as HTML; the policy names the one script and allows nothing else.
 */
import { createHash } from "node:crypto";

const SCRIPT = `
const $ = (id) => document.getElementById(id);
const cell = (row, text) => { const td = row.insertCell(); td.textContent = text; };
const fill = (id, rows) => {
  const body = $(id); body.replaceChildren();
  for (const cells of rows) { const row = body.insertRow(); for (const text of cells) cell(row, text); }
};
async function show() {
  const token = sessionStorage.getItem("token");
  const headers = token ? { authorization: "Bearer " + token } : {};
  try {
    const answer = await fetch("api/v1/status", { headers });
    $("token").hidden = answer.status !== 401;
    if (!answer.ok) { $("state").textContent = (await answer.json()).error.message; return; }
    const s = await answer.json();
    $("state").textContent = s.closed_for ? "takes no jobs: " + s.closed_for : "takes jobs";
    fill("jobs", Object.entries(s.jobs));
    fill("running", s.running ? [[s.running.experiment, s.running.id, s.running.done + " of " + s.running.runs + " runs"]] : []);
    fill("results", s.results.flatMap((r) => r.tunings.map((t) => [r.experiment, t.name, (100 * t.served_ratio).toFixed(1) + " %"])));
    fill("paced", (s.paced || []).flatMap((p) => p.tunings.map((t) =>
      [p.experiment, t.name, p.simulated_s.toFixed(0) + " s", t.served_ratio === null ? "-" : (100 * t.served_ratio).toFixed(1) + " %", t.binding_gate])));
  } catch { $("state").textContent = "does not answer"; }
}
$("token").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("word").value);
  void show();
});
void show();
setInterval(show, 2000);
`;

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; } td, th { text-align: left; padding: 0.2rem 1rem 0.2rem 0; }
`;

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export const PAGE_POLICY = `default-src 'none'; script-src ${hashOf(SCRIPT)}; style-src ${hashOf(STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const links = [
  ["metrics", "metrics, for Prometheus"],
  ["api/v1/jobs", "jobs"],
  ["api/v1/paced", "paced runs"],
  ["api/v1/status", "status"],
  ["api/v1/reference/sysctls", "sysctls"],
  ["api/v1/reference/counters", "counters"],
  ["api/v1/openapi.json", "description of the API"],
  ["healthz", "health"],
  ["readyz", "readiness"],
] as const;

const table = (title: string, heads: readonly string[], id: string): string =>
  `<h2>${title}</h2><table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr></thead><tbody id="${id}"></tbody></table>`;

export const INDEX_PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>halfopen</title><style>${STYLE}</style></head>
<body>
<h1>halfopen</h1>
<p>Predictions of the TCP accept path. This daemon <strong id="state">is asked</strong>.</p>
<form id="token" hidden><label>Token <input id="word" type="password" autocomplete="off"></label> <button>Use</button></form>
<ul>${links.map(([href, text]) => `<li><a href="${href}">${text}</a></li>`).join("")}</ul>
${table("Paced runs", ["experiment", "tuning", "simulated", "served", "binds"], "paced")}
${table("Job that is on", ["experiment", "job", "done"], "running")}
${table("Jobs", ["state", "number"], "jobs")}
${table("Last results", ["experiment", "tuning", "served"], "results")}
<script>${SCRIPT}</script>
</body>
</html>
`;
