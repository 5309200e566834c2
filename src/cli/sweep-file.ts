/**
 * The file that `sweep --out` writes, a point at a time, so that a sweep that was killed goes on where it stopped.
 *
 * Rules   Points stand in their order, so a file that was continued is the same, to the byte, as one that never had to be. What is written of a point that is not
 *         complete (a torn last line) is cut off first. A file with anything else in it than this sweep's own points is left as it is.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { err, ok, type Result } from "../base/result.ts";
import { pointCountOf, type RowFormat, type SweepTable } from "../index.ts";
import { reasonOf } from "./read-file.ts";

const CHUNK_BYTES = 1 << 20;

export class SweepFile {
  readonly #file: string;
  readonly #descriptor: number;
  /** Points that were there. */
  readonly restored: number;

  private constructor(file: string, descriptor: number, restored: number) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.restored = restored;
  }

  /** A file that is there is continued, its points put into `table`, if `isResumed`; else it is not touched. */
  static open(file: string, format: RowFormat, table: SweepTable, isResumed: boolean): Result<SweepFile, string> {
    if (existsSync(file) && !isResumed) return err(`${file}: is there already; --resume goes on with it`);
    try {
      const descriptor = openSync(file, existsSync(file) ? "r+" : "wx+");
      const read = readPoints(descriptor, format, table);
      if (!read.ok) {
        closeSync(descriptor);
        return err(`${file}: ${read.error}`);
      }
      const { bytes, points } = read.value;
      ftruncateSync(descriptor, bytes);
      const opened = new SweepFile(file, descriptor, points);
      opened.#at = bytes;
      if (bytes === 0) opened.append(format.head);
      return ok(opened);
    } catch (error) {
      return err(`${file}: cannot be written: ${reasonOf(error)}`);
    }
  }

  #at = 0;

  append(text: string): void {
    const data = Buffer.from(text, "utf8");
    try {
      for (let done = 0; done < data.length; ) {
        done += writeSync(this.#descriptor, data, done, data.length - done, this.#at + done);
      }
    } catch (error) {
      throw new SweepFileError(`${this.#file}: cannot be written: ${reasonOf(error)}`);
    }
    this.#at += data.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The disk is full, or the like. */
export class SweepFileError extends Error {
  override readonly name = "SweepFileError";
}

/** Points from the beginning of the file that are complete, and how many bytes they and the head take. */
function readPoints(
  descriptor: number,
  format: RowFormat,
  table: SweepTable,
): Result<{ points: number; bytes: number }, string> {
  let bytes = 0;
  let points = 0;
  let pendingBytes = 0;
  let pending: string[] = [];
  let isHead = true;
  for (const line of linesOf(descriptor)) {
    const text = line.toString("utf8");
    if (isHead) {
      if (`${text}\n` !== format.head) return err("was written by another sweep: its first line is not this one's");
      isHead = false;
      bytes = line.length + 1;
      continue;
    }
    pending.push(text);
    pendingBytes += line.length + 1;
    if (pending.length < format.linesPerPoint) continue;
    const values = points < pointCountOf(table.shape) ? format.decode(points, pending) : null;
    if (values === null) return err(`is not what this sweep wrote: point ${points} is another one, or damaged`);
    table.setPoint(points, values);
    points += 1;
    bytes += pendingBytes;
    pending = [];
    pendingBytes = 0;
  }
  return ok({ points, bytes });
}

/** Complete lines, without their newline. */
function* linesOf(descriptor: number): Generator<Buffer> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  for (;;) {
    const read = readSync(descriptor, chunk, 0, CHUNK_BYTES, at);
    if (read === 0) return;
    at += read;
    let text = Buffer.concat([rest, chunk.subarray(0, read)]);
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10)) {
      yield text.subarray(0, end);
      text = text.subarray(end + 1);
    }
    rest = text;
  }
}
