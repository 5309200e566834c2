/** Hosts: the kernel that a host names, and its sysctls in that kernel. */
import { DEFAULT_KERNEL, findKernel, KERNEL_NAMES, KERNELS, type KernelName } from "../vocabulary/kernels.ts";
import { describe } from "./fields.ts";
import { type CheckedSysctls, checkSysctls } from "./sysctls.ts";
import { type PathIssue, valueAt } from "./zod-issues.ts";

export interface CheckedHost {
  readonly kernel: KernelName;
  readonly sysctls: CheckedSysctls["values"];
  readonly issues: readonly PathIssue[];
}

export function checkHost(raw: unknown, side: "server" | "client"): CheckedHost {
  const { kernel, issues } = checkKernel(valueAt(raw, [side, "kernel"]), [side, "kernel"]);
  const given = valueAt(raw, [side, "sysctls"]);
  const isMap = typeof given === "object" && given !== null && !Array.isArray(given);
  const sysctls = checkSysctls(isMap ? (given as Record<string, unknown>) : {}, kernel, [side, "sysctls"]);
  return { kernel, sysctls: sysctls.values, issues: [...issues, ...sysctls.issues] };
}

/** What is not text has an issue of the schema; sysctls are then judged as the default kernel's. */
function checkKernel(given: unknown, path: PathIssue["path"]): { kernel: KernelName; issues: PathIssue[] } {
  if (typeof given !== "string") return { kernel: DEFAULT_KERNEL, issues: [] };
  const match = findKernel(given);
  if (typeof match === "string") {
    const message = `found ${describe(given)}, which is ${match}; allowed are ${KERNEL_NAMES.join(", ")}`;
    return { kernel: DEFAULT_KERNEL, issues: [{ code: "unknown-kernel", path, message }] };
  }
  const { name, release, supported } = match.kernel;
  const issues: PathIssue[] = [];
  if (!match.exact) {
    const message = `found ${describe(given)}, which is not listed: the rules of ${name} (${release}), the nearest older one, are taken`;
    issues.push({ code: "nearest-kernel", path, message });
  }
  if (!supported) {
    const modelled = KERNELS.filter((kernel) => kernel.supported).map((kernel) => kernel.name);
    const message = `found kernel ${describe(given)}, modelled are only ${modelled.join(", ")} yet`;
    issues.push({ code: "not-modelled", path, message });
    return { kernel: DEFAULT_KERNEL, issues };
  }
  return { kernel: name, issues };
}
