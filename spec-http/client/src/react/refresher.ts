import { hashKey, type QueryClient, type QueryKey } from "@tanstack/react-query";
import type { Spec, SpecEvent } from "../types.js";
import { specKeys } from "./keys.js";
import { staleBy } from "./stale.js";

/** Shortest time between two rounds of reading again. */
const INTERVAL_MS = 1_000;
/** What happens at once is read at once, and together. */
const GATHER_MS = 50;

/** Has what events make stale read again, at most once a second. */
export class Refresher {
  readonly #queries: QueryClient;
  readonly #stale = new Map<string, QueryKey>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastRound = -Infinity;
  #revision = 0;

  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  add(event: SpecEvent): void {
    const keys = staleBy(event);
    if (keys.length === 0) return;
    for (const key of keys) this.#stale.set(hashKey(key), key);
    this.#revision = Math.max(this.#revision, event.revision);
    const detail = specKeys.detail(event.spec_id);
    this.#timer ??= setTimeout(
      () => this.#refresh(detail),
      Math.max(GATHER_MS, this.#lastRound + INTERVAL_MS - performance.now()),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stale.clear();
  }

  #refresh(detail: QueryKey): void {
    this.#timer = undefined;
    this.#lastRound = performance.now();
    const known = this.#queries.getQueryData<Spec>(detail);
    // The answer to a command is often newer than the events that it caused.
    if (known !== undefined && known.revision >= this.#revision)
      this.#stale.delete(hashKey(detail));
    const keys = [...this.#stale.values()];
    this.#stale.clear();
    for (const queryKey of keys) void this.#queries.invalidateQueries({ queryKey });
  }
}
