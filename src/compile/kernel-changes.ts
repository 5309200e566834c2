/**
 * Kernel changes: what an upgrade of one side's kernel changes by itself, read from the tables of rules and sysctls.
 *
 * Source   kernel-semantics 10.1 and 10.2, whose sections each row names.
 */
import { KERNEL_RULES, type KernelName, type KernelRule, type RuleValue, ruleValue } from "../vocabulary/kernels.ts";
import { defaultFor, TUNABLE_NAMES, TUNABLES, type TunableName, type TunableValue } from "../vocabulary/tunables.ts";

export type HostSide = "server" | "client";

export interface RuleChange {
  readonly rule: string;
  readonly from: RuleValue;
  readonly to: RuleValue;
  /** Of kernel-semantics. */
  readonly section: string;
  /** false: the model leaves it out in every kernel. */
  readonly modelled: boolean;
}

export interface DefaultChange {
  readonly sysctl: TunableName;
  /** null: the kernel has no such sysctl. */
  readonly from: TunableValue | null;
  readonly to: TunableValue | null;
  readonly section: string;
  /** false: the model leaves it out in every kernel. */
  readonly modelled: boolean;
}

/** Rules of `side` that differ between two kernels, in the order of the table. */
export function ruleChanges(from: KernelName, to: KernelName, side: HostSide): RuleChange[] {
  return Object.entries(KERNEL_RULES).flatMap(([id, row]) => {
    const { rule, section, side: only, modelled }: KernelRule = row;
    const before = ruleValue(id as keyof typeof KERNEL_RULES, from);
    const after = ruleValue(id as keyof typeof KERNEL_RULES, to);
    if (before === undefined || after === undefined || before === after) return [];
    if (only !== undefined && only !== side) return [];
    return [{ rule, from: before, to: after, section, modelled: modelled !== false }];
  });
}

/** Sysctls of `side` whose defaults differ, or that one of the two kernels does not have. */
export function defaultChanges(from: KernelName, to: KernelName, side: HostSide): DefaultChange[] {
  return TUNABLE_NAMES.flatMap((sysctl) => {
    const { side: acts, section, modelled } = TUNABLES[sysctl];
    const before = defaultFor(sysctl, from);
    const after = defaultFor(sysctl, to);
    if (before === after || (acts !== "both" && acts !== side)) return [];
    return [{ sysctl, from: before, to: after, section, modelled: modelled !== false }];
  });
}
