import { focusManager, hashKey, type QueryClient } from "@tanstack/react-query";
import type { SpecClient } from "../client.js";
import type { Spec, SpecEvent } from "../types.js";
import type { Connection } from "../watch/watch.js";
import { nextFrame } from "./frame.js";
import { specKeys } from "./keys.js";
import { Refresher } from "./refresher.js";

/** The events of a spec so far, and how the stream of them is connected. */
export interface SpecEvents {
  /** In order, without gaps or repeats. */
  events: SpecEvent[];
  connection: Connection;
  /** Why there is no stream, when the server refused it. */
  error: Error | null;
}

/** How often a spec that has ended is looked at: it may be done again. */
const LOOK_MS = 15_000;

/** The one stream of a spec that all components of a page share. It lives in the query cache. */
export class SpecStream {
  readonly client: SpecClient;
  readonly #queries: QueryClient;
  readonly #id: string;
  readonly #refresher: Refresher;
  readonly #closing = new AbortController();
  /** All events; what is published are copies, one per frame. */
  readonly #events: SpecEvent[];
  #connection: Connection = "connecting";
  #error: Error | null = null;
  #cancelFrame: (() => void) | undefined;
  #stopLooking: (() => void) | undefined;
  /** Newest revision of which all events have been read. */
  #readRevision = 0;

  constructor(client: SpecClient, queries: QueryClient, id: string) {
    this.client = client;
    this.#queries = queries;
    this.#id = id;
    this.#refresher = new Refresher(queries);
    const kept = queries.getQueryData<SpecEvents>(specKeys.events(id));
    this.#events = [...(kept?.events ?? [])];
    this.#readRevision = this.#events.at(-1)?.revision ?? 0;
    this.#publish();
    void this.#watch();
  }

  close(): void {
    this.#closing.abort();
    this.#cancelFrame?.();
    this.#stopLooking?.();
    this.#refresher.stop();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    const after = this.#events.at(-1)?.sequence ?? 0;
    const onConnection = (connection: Connection) => {
      this.#connection = connection;
      this.#publishSoon();
    };
    try {
      for await (const event of this.client.watchSpec(this.#id, { after, signal, onConnection })) {
        this.#events.push(event);
        this.#readRevision = Math.max(this.#readRevision, event.revision);
        this.#refresher.add(event);
        this.#publishSoon();
      }
      if (!signal.aborted) this.#look();
    } catch (error) {
      if (signal.aborted) return;
      this.#connection = "ended";
      this.#error = error instanceof Error ? error : new Error(String(error));
      this.#publishSoon();
    }
  }

  /** Watches a spec that has ended for a sign that it goes on. */
  #look(): void {
    const queryKey = specKeys.detail(this.#id);
    const hash = hashKey(queryKey);
    const look = () => {
      if (!focusManager.isFocused()) return;
      const queryFn = ({ signal }: { signal: AbortSignal }) =>
        this.client.getSpec(this.#id, { signal });
      // What fails now is tried again with the next look.
      this.#queries.fetchQuery({ queryKey, queryFn, retry: false }).catch(() => undefined);
    };
    const judge = () => {
      const spec = this.#queries.getQueryData<Spec>(queryKey);
      if (spec === undefined || !this.#goesOn(spec)) return;
      this.#stopLooking?.();
      this.#stopLooking = undefined;
      this.#readRevision = Math.max(this.#readRevision, spec.revision);
      void this.#watch();
    };
    const timer = setInterval(look, LOOK_MS);
    const stopFocus = focusManager.subscribe(look);
    const stopCache = this.#queries.getQueryCache().subscribe(({ type, query }) => {
      if (type === "updated" && query.queryHash === hash) judge();
    });
    this.#stopLooking = () => {
      clearInterval(timer);
      stopFocus();
      stopCache();
    };
    judge();
  }

  #goesOn(spec: Spec): boolean {
    const ended = spec.status === "completed" || spec.status === "cancelled";
    return spec.revision > this.#readRevision || !(ended || this.#isOutdated(spec));
  }

  /** True of a copy that was read before the last events happened. */
  #isOutdated(spec: Spec): boolean {
    return spec.revision < this.#readRevision;
  }

  #publishSoon(): void {
    if (this.#closing.signal.aborted) return;
    this.#cancelFrame ??= nextFrame(() => {
      this.#cancelFrame = undefined;
      this.#publish();
    });
  }

  #publish(): void {
    const key = specKeys.events(this.#id);
    const before = this.#queries.getQueryData<SpecEvents>(key);
    const same = before !== undefined && before.events.length === this.#events.length;
    this.#queries.setQueryData<SpecEvents>(key, {
      events: same ? before.events : this.#events.slice(),
      connection: this.#connection,
      error: this.#error,
    });
  }
}
