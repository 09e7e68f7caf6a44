import { systemClock } from "../clock.js";
import { ApiProblem, ConnectionError } from "../errors.js";
import { readEvent } from "../events.js";
import { StreamFormatError, type Frame } from "../sse/parser.js";
import type { Transport } from "../transport.js";
import type { SpecEvent } from "../types.js";
import { Backoff, type Wait } from "./backoff.js";
import { readStream, type Surroundings } from "./connection.js";
import { browserWake } from "./wake.js";

/**
 * How a stream is connected: being opened, live, given up for a while because it could not be
 * opened, or at its end.
 */
export type Connection = "connecting" | "live" | "offline" | "ended";

export interface WatchOptions {
  /** Sequence of the last event that is known already. Default: 0, from the first. */
  after?: number;
  /** Ends the stream and everything that belongs to it. */
  signal?: AbortSignal;
  /** Told of each change. */
  onConnection?: (state: Connection) => void;
}

/** How often the same place is read again when what comes from there makes no sense. */
const MAX_READS_OF_A_PLACE = 5;

/** See `SpecClient.watchSpec`. */
export async function* watchEvents(
  transport: Transport,
  id: string,
  { after = 0, signal, onConnection }: WatchOptions = {},
  surroundings: Surroundings = { clock: systemClock, wake: browserWake },
): AsyncGenerator<SpecEvent, void, void> {
  const backoff = new Backoff(surroundings.clock);
  const tell = changes(onConnection);
  const place = new Place(after);
  signal?.throwIfAborted();
  tell("connecting");
  for (;;) {
    let opened = false;
    let wait: Wait;
    try {
      const onOpen = () => {
        opened = true;
        tell("live");
      };
      const { last } = place;
      for await (const frames of readStream(transport, id, last, surroundings, signal, onOpen)) {
        for (const frame of frames) {
          backoff.succeeded();
          if (frame.kind === "retry") backoff.reconnectAfter(frame.ms);
          if (frame.kind !== "event") continue;
          if (place.isEnd(frame)) {
            tell("ended");
            return;
          }
          const event = place.take(frame);
          if (event !== null) yield event;
        }
      }
      wait = backoff.next();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!isPassing(error)) {
        tell("ended");
        throw error;
      }
      if (error instanceof MisreadError) {
        if (place.isHopeless()) {
          tell("ended");
          throw new ConnectionError(error.message, { cause: error });
        }
        // The stream was well but for this, and is read again at once the first time.
        wait = place.readsAgain === 1 ? { least: 0, usual: 0 } : backoff.next();
      } else {
        const asked = error instanceof ApiProblem ? (error.retryAfterSeconds ?? 0) : 0;
        wait = backoff.next(asked * 1000);
      }
    }
    tell(opened ? "connecting" : "offline");
    await pause(wait, surroundings, signal);
  }
}

/** What came does not follow from what came before. */
class MisreadError extends Error {}

/** Where in the events of a spec the reader is. */
class Place {
  /** Sequence of the last event that was taken. */
  last: number;
  /** Times that this place had to be read again. */
  readsAgain = 0;

  constructor(after: number) {
    this.last = after;
  }

  /** The event of the frame; `null` for a repeat. */
  take({ data }: Extract<Frame, { kind: "event" }>): SpecEvent | null {
    const event = readEvent(data);
    if (event === null) this.#misread(`What follows event ${this.last} cannot be read.`);
    if (event.sequence <= this.last) return null;
    if (event.sequence > this.last + 1) {
      this.#misread(`Between events ${this.last} and ${event.sequence} some are missing.`);
    }
    this.last = event.sequence;
    this.readsAgain = 0;
    return event;
  }

  /** True of the frame that ends a stream of which nothing was missed. */
  isEnd({ event, data }: Extract<Frame, { kind: "event" }>): boolean {
    if (event !== "end") return false;
    const until = endOf(data);
    if (until === null) this.#misread("The end of the stream cannot be read.");
    if (until > this.last) {
      this.#misread(
        `The stream ends with event ${until}, and ${this.last} was the last that came.`,
      );
    }
    return true;
  }

  isHopeless(): boolean {
    return this.readsAgain >= MAX_READS_OF_A_PLACE;
  }

  #misread(message: string): never {
    this.readsAgain += 1;
    throw new MisreadError(message);
  }
}

function endOf(data: string): number | null {
  try {
    const { last_event_id: last } = JSON.parse(data) as { last_event_id?: unknown };
    // It may be written as the id that it is, or as the number that this is.
    const sequence = typeof last === "string" ? Number(last) : last;
    return Number.isSafeInteger(sequence) ? (sequence as number) : null;
  } catch {
    return null;
  }
}

/** True of failures that another connection may not meet. */
function isPassing(error: unknown): boolean {
  if (error instanceof ApiProblem) {
    return error.status === 408 || error.status === 429 || error.status >= 500;
  }
  return (
    error instanceof ConnectionError ||
    error instanceof StreamFormatError ||
    error instanceof MisreadError
  );
}

function changes(onConnection: WatchOptions["onConnection"]): (state: Connection) => void {
  let told: Connection | undefined;
  return (state) => {
    if (state === told) return;
    told = state;
    onConnection?.(state);
  };
}

/** Waits; a network or a reader that comes back ends all but the least of it. */
function pause(
  wait: Wait,
  { clock, wake }: Surroundings,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { least, usual } = wake.isAsleep() ? Backoff.held(wait) : wait;
  return new Promise((resolve, reject) => {
    const since = clock.now();
    let cancel = clock.after(usual, done);
    const stopListening = wake.onWake(() => {
      cancel();
      cancel = clock.after(Math.max(0, least - (clock.now() - since)), done);
    });
    function release(): void {
      cancel();
      stopListening();
      signal?.removeEventListener("abort", stop);
    }
    function done(): void {
      release();
      resolve();
    }
    function stop(): void {
      release();
      reject(signal?.reason);
    }
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
