/**
 * Server-sent events (WHATWG HTML, section 9.2): one client, and how many there may be.
 *
 * Limits      MAX_WAITING bytes that a client has not read yet; then it is cut off, and comes back by itself. A comment every
 *             BEAT_MS tells proxies and time-outs that the stream lives.
 */
import type { FastifyReply } from "fastify";

const MAX_WAITING = 1 << 20;
const BEAT_MS = 15_000;
/** After which a client that was cut off tries again. */
const RETRY_MS = 3_000;

export class EventStream {
  readonly #raw: FastifyReply["raw"];
  readonly #beat: NodeJS.Timeout;
  #isOpen = true;
  /** Called once, when the stream ends, whoever ends it. */
  onEnd: () => void = () => {};

  constructor(reply: FastifyReply) {
    reply.hijack();
    this.#raw = reply.raw;
    this.#raw.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      connection: "close",
    });
    this.#raw.write(`retry: ${RETRY_MS}\n\n`);
    this.#raw.on("close", () => this.#ended());
    this.#raw.on("error", () => this.#ended());
    this.#beat = setInterval(() => this.#write(":\n\n"), BEAT_MS);
  }

  send(event: string, data: unknown): void {
    // JSON has no line breaks of its own.
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#raw.end();
    this.#ended();
  }

  #write(text: string): void {
    if (!this.#isOpen) return;
    this.#raw.write(text);
    if (this.#raw.writableLength > MAX_WAITING) this.#raw.destroy();
  }

  #ended(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#beat);
    this.onEnd();
  }
}

/** All streams of a daemon. */
export class EventStreams {
  readonly #open = new Set<EventStream>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#open.size;
  }

  /** null: there are as many as there may be. `onEnd` is called when the stream has ended. */
  open(reply: FastifyReply, onEnd: () => void): EventStream | null {
    if (this.#open.size >= this.#most) return null;
    const stream = new EventStream(reply);
    this.#open.add(stream);
    stream.onEnd = () => {
      this.#open.delete(stream);
      onEnd();
    };
    return stream;
  }

  endAll(): void {
    for (const stream of [...this.#open]) stream.end();
  }
}
