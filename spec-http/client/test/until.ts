import { vi } from "vitest";

/** Waits for a condition for as long as a busy machine may take to meet it. */
export async function until(condition: () => unknown): Promise<void> {
  await vi.waitUntil(condition, { timeout: 10_000, interval: 5 });
}
