/**
 * The backlog of one CPU: input_pkt_queue, which takes packets in, and process_queue, which the CPU works off.
 *
 * Models   dev.c:enqueue_to_backlog, process_backlog (6.18; the same comparison since 2.6.32): a packet is dropped when the input queue holds more than
 *          netdev_max_backlog, so it holds one more than that. The whole input queue becomes the process queue when that is empty.
 */
import { FlowLimit } from "./flow-limit.ts";
import { PacketQueue } from "./packet-queue.ts";

export class Backlog {
  readonly queue = new PacketQueue();
  readonly #most: number;
  readonly #flowLimit: FlowLimit | null;
  /** Packets at the front of `queue` that are the process queue's. */
  #inProcess = 0;
  /** Packets that flow_limit dropped. */
  flowLimited = 0;

  /** `most`: netdev_max_backlog; `flowSlots`: 0 where this CPU has no flow_limit. */
  constructor(most: number, flowSlots: number) {
    this.#most = most;
    this.#flowLimit = flowSlots > 0 ? new FlowLimit(flowSlots) : null;
  }

  /** Both queues' packets: what softnet_stat shows. */
  get length(): number {
    return this.queue.length;
  }

  /** Whether the next packet is dropped, whatever flow it is of. */
  get isFull(): boolean {
    return this.queue.length - this.#inProcess > this.#most;
  }

  /** Takes the packet in; false: it is dropped. `flow`: hash of its 4-tuple. */
  push(seg: Int32Array, at: number, times: Float64Array, place: number, flow: number): boolean {
    if (this.isFull) return false;
    const input = this.queue.length - this.#inProcess;
    if (this.#flowLimit !== null && input >= this.#most >> 1 && this.#flowLimit.isOver(flow)) {
      this.flowLimited++;
      return false;
    }
    this.queue.push(seg, at, times, place);
    return true;
  }

  /** Takes the first packet off; answers its place in `queue`. */
  shift(): number {
    if (this.#inProcess <= 0) this.#inProcess = this.queue.length;
    const before = this.queue.length;
    const place = this.queue.shift();
    this.#inProcess -= before - this.queue.length;
    return place;
  }
}
