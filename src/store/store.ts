/**
 * Store: documents in one embedded SQLite file, behind five methods. It knows nothing of what they mean.
 *
 * Purpose     The only door to libsql. Jobs, their results and single runs outlive the process, `kill -9` included: a put() that has returned
 *             is in the write-ahead log, synced.
 * Invariants  put() is all or nothing. One process at a time: the file is locked while it is open.
 *             No text of a user reaches SQL but as a bound value.
 * Limits      `maxBytes` of the database; beyond, as on a full disk, put() throws a StoreFullError and reading goes on.
 */
import Database from "libsql";

export interface Document {
  /** A kind of documents, such as "jobs" or "runs/ID". */
  readonly collection: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface Store {
  /** Writes all of them, or none. */
  put(...documents: readonly Document[]): void;
  get(collection: string, id: string): Uint8Array | null;
  /** Ids in ascending order. */
  list(collection: string): string[];
  /** One document, or a whole collection. What is not there is no error. */
  remove(collection: string, id?: string): void;
  close(): void;
}

/** Nothing more can be written: the disk, or the limit, is full. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
}

export interface StoreOptions {
  readonly maxBytes?: number;
}

const PAGE_BYTES = 4096;
const DEFAULT_MAX_BYTES = 8 * 2 ** 30;

/** Opens `file`, and makes it if it is not there. Throws when another process has it open, or when it is no database. */
export function openStore(file: string, { maxBytes = DEFAULT_MAX_BYTES }: StoreOptions = {}): Store {
  const lock = lockOf(file);
  const database = new Database(file, { timeout: 0 });
  database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  database.prepare("PRAGMA journal_mode = WAL").get();
  database.exec("PRAGMA synchronous = FULL");
  database.exec(
    "CREATE TABLE IF NOT EXISTS documents (collection TEXT NOT NULL, id TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (collection, id))",
  );
  database.prepare(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`).get();
  return new SqliteStore(database, lock);
}

/**
 * A second daemon on the same file would begin the same jobs again. The lock is a transaction that stays open on a file beside it: the
 * kernel gives it back when the process ends, however it does. (SQLite's exclusive mode would do, but is not left by closing.)
 */
function lockOf(file: string): Database.Database {
  const lock = new Database(`${file}.lock`, { timeout: 0 });
  lock.exec("BEGIN EXCLUSIVE");
  return lock;
}

class SqliteStore implements Store {
  readonly #database: Database.Database;
  readonly #lock: Database.Database;
  readonly #put: Database.Statement;
  readonly #get: Database.Statement;
  readonly #list: Database.Statement;
  readonly #remove: Database.Statement;
  readonly #removeAll: Database.Statement;

  constructor(database: Database.Database, lock: Database.Database) {
    this.#database = database;
    this.#lock = lock;
    this.#put = database.prepare("INSERT OR REPLACE INTO documents (collection, id, bytes) VALUES (?, ?, ?)");
    this.#get = database.prepare("SELECT bytes FROM documents WHERE collection = ? AND id = ?");
    this.#list = database.prepare("SELECT id FROM documents WHERE collection = ? ORDER BY id");
    this.#remove = database.prepare("DELETE FROM documents WHERE collection = ? AND id = ?");
    this.#removeAll = database.prepare("DELETE FROM documents WHERE collection = ?");
  }

  put(...documents: readonly Document[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const { collection, id, bytes } of documents) this.#put.run(collection, id, Buffer.from(bytes));
      this.#database.exec("COMMIT");
    } catch (error) {
      // A full disk has rolled back by itself already.
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw isFull(error) ? new StoreFullError("the store is full", { cause: error }) : error;
    }
  }

  get(collection: string, id: string): Uint8Array | null {
    const row = this.#get.get(collection, id) as { readonly bytes: Uint8Array } | undefined;
    return row?.bytes ?? null;
  }

  list(collection: string): string[] {
    return (this.#list.all(collection) as { readonly id: string }[]).map(({ id }) => id);
  }

  remove(collection: string, id?: string): void {
    if (id === undefined) this.#removeAll.run(collection);
    else this.#remove.run(collection, id);
  }

  close(): void {
    this.#database.close();
    this.#lock.exec("ROLLBACK");
    this.#lock.close();
  }
}

/** SQLITE_FULL, or the operating system's word for it while the log was written. */
function isFull(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return /FULL|IOERR_WRITE|IOERR_FSYNC|ENOSPC/.test(String(code)) || /disk is full|no space/i.test(String(message));
}
