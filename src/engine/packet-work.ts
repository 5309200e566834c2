/** What kind of work (vocabulary/cpu.ts) a packet was for TCP: known by what it did. */
import { CpuCost } from "../vocabulary/cpu.ts";
import { Verdict } from "../vocabulary/verdicts.ts";
import { deliver } from "./deliver.ts";
import type { Host } from "./host.ts";
import { FIN, RST, S_FLAGS, S_LEN, SYN } from "./layout.ts";

/** Of a SYN that makes no request, by its verdict. */
export function workOf(verdict: number): number {
  if (verdict === Verdict.no_socket) return CpuCost.reset;
  return verdict === Verdict.syn_cookie ? CpuCost.cookie : CpuCost.syn_dropped;
}

/** Delivers a packet to TCP; answers what kind of work it was. */
export function deliverAsWork(host: Host, words: Int32Array, at: number): number {
  const { counts } = host;
  const flags = words[at + S_FLAGS]!;
  const length = words[at + S_LEN]!;
  const made = counts[Verdict.handshake_done]! + counts[Verdict.cookie_accepted]!;
  const refused = refusals(counts);
  const requests = counts[Verdict.syn_queued]! + counts[Verdict.dup_syn_answered]!;
  const cookies = counts[Verdict.syn_cookie]!;
  deliver(host, words, at);
  if (refusals(counts) > refused) return CpuCost.reset;
  if ((flags & RST) !== 0) return CpuCost.rst;
  if ((flags & SYN) !== 0) {
    if (counts[Verdict.syn_cookie]! > cookies) return CpuCost.cookie;
    const isRequest = counts[Verdict.syn_queued]! + counts[Verdict.dup_syn_answered]! > requests;
    return isRequest ? CpuCost.request : CpuCost.syn_dropped;
  }
  if (counts[Verdict.handshake_done]! + counts[Verdict.cookie_accepted]! > made) return CpuCost.final_ack;
  if ((flags & FIN) !== 0) return CpuCost.fin;
  return length > 0 ? CpuCost.data : CpuCost.ack;
}

/** Segments so far that were answered by a RST. */
function refusals(counts: Float64Array): number {
  return (
    counts[Verdict.no_socket]! + counts[Verdict.late_fin]! + counts[Verdict.stray_ack]! + counts[Verdict.stray_fin]!
  );
}
