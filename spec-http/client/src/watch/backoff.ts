import type { Clock } from "../clock.js";

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** A connection that lasted so long was a success, even if nothing happened on it. */
const STEADY_MS = 10_000;
/** Longest wait that a server can ask for. */
const LONGEST_ASKED_MS = 600_000;

/** A wait before the next connection. */
export interface Wait {
  /** Not shorter than this, whatever happens meanwhile. */
  least: number;
  /** As long as this, unless there is a reason to hurry. */
  usual: number;
}

/** How long to wait before a connection is opened again: longer with every failure in a row. */
export class Backoff {
  readonly #clock: Clock;
  #failures = 0;
  #reconnectionMs = 0;
  #openedAt: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server accepted a connection. */
  opened(): void {
    this.#openedAt = this.#clock.now();
  }

  /** The connection brought something new. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** The stream said how long to wait before it is opened again. */
  reconnectAfter(ms: number): void {
    this.#reconnectionMs = Math.min(ms, LONGEST_ASKED_MS);
  }

  /** The wait after a failure. `askedMs`: what the server asked for with it. */
  next(askedMs = 0): Wait {
    // A server that accepts and hangs up at once is as good as one that refuses.
    const lasted = this.#openedAt !== null && this.#clock.now() - this.#openedAt >= STEADY_MS;
    if (lasted) this.#failures = 0;
    this.#openedAt = null;
    const growth = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    const jittered = growth * (0.5 + this.#clock.random() / 2);
    const asked = Math.min(Math.max(askedMs, this.#reconnectionMs), LONGEST_ASKED_MS);
    // Those who were sent away together must not all come back together.
    const spread = asked * 0.25 * this.#clock.random();
    return { least: asked, usual: Math.max(jittered, asked + spread) };
  }

  /** The wait while there is no network, or nobody looks. */
  static held({ least, usual }: Wait): Wait {
    return { least, usual: Math.max(usual, LONGEST_MS) };
  }
}
