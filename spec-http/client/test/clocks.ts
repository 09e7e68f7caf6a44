import type { Clock } from "../src/clock.js";

interface Timer {
  at: number;
  ms: number;
  then: () => void;
}

/** A clock that stands still until it is told how much time has passed. */
export class ManualClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Set<Timer>();
  /** What `random` answers. */
  chance = 0.5;

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, ms, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** The waits that are under way. */
  waits(): number[] {
    return [...this.#timers].map(({ ms }) => ms);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now || !this.#timers.delete(timer)) continue;
      timer.then();
    }
  }
}

/** Time after which a stream that is silent is given up; see the watcher. */
export const SILENCE_MS = 45_000;

/** A clock on which waits are over at once, and streams are never given up for their silence. */
export class HastyClock implements Clock {
  /** The waits that there were, in milliseconds. */
  readonly waits: number[] = [];
  chance = 0.5;

  now(): number {
    return Date.now();
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, then: () => void): () => void {
    if (ms === SILENCE_MS) return () => undefined;
    this.waits.push(ms);
    const soon = setImmediate(then);
    return () => clearImmediate(soon);
  }
}
