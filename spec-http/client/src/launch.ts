import { sleep, type Clock } from "./clock.js";
import { ApiProblem, ConnectionError } from "./errors.js";

/** How often a launch is sent at most. */
const MAX_SENDS = 4;
const FIRST_WAIT_MS = 500;
/** A server that asks to wait longer than this is told of instead of waited for. */
const MAX_WAIT_MS = 10_000;

/**
 * Sends a launch again when it is not known whether it arrived, or when the server cannot take it
 * just now. Safe only because every send has the same idempotency key.
 */
export async function sendLaunch<T>(
  send: () => Promise<T>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<T> {
  for (let sent = 1; ; sent += 1) {
    try {
      return await send();
    } catch (error) {
      const wait = sent < MAX_SENDS ? waitBefore(error, sent, clock) : undefined;
      if (wait === undefined) throw error;
      await sleep(clock, wait, signal);
    }
  }
}

function waitBefore(error: unknown, sent: number, clock: Clock): number | undefined {
  const unavailable = error instanceof ApiProblem && error.status === 503;
  if (!unavailable && !(error instanceof ConnectionError)) return undefined;
  const backoff = FIRST_WAIT_MS * 2 ** (sent - 1) * (0.5 + clock.random() / 2);
  const asked = unavailable ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  const wait = Math.max(backoff, asked);
  return wait > MAX_WAIT_MS ? undefined : wait;
}

/** A key that no other launch has. */
export function newIdempotencyKey(): string {
  // Pages that are not served over TLS, nor from this machine, have no `randomUUID`.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
