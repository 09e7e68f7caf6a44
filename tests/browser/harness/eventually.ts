import { setTimeout as pause } from "node:timers/promises";

/** How long anything may take before the test says that it never happens. */
export const patienceMs = 20_000;

/** Looks until `look` gives something, and says what was awaited when it never does. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | null | false>,
  withinMs = patienceMs,
): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (performance.now() > until) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await pause(30);
  }
}
