import { systemClock } from "../clock.js";
import { ApiProblem, ConnectionError, UnreadableStreamError } from "../errors.js";
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

/** How often in a row what follows an event may make no sense. */
const MAX_MISREADS = 5;

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
    const onOpen = () => {
      opened = true;
      backoff.opened();
      tell("live");
    };
    let failure: unknown;
    try {
      const { last } = place;
      for await (const frames of readStream(transport, id, last, surroundings, signal, onOpen)) {
        for (const frame of frames) {
          if (frame.kind === "retry") backoff.reconnectAfter(frame.ms);
          if (frame.kind !== "event") continue;
          if (place.isEnd(frame)) {
            tell("ended");
            return;
          }
          const event = place.take(frame);
          if (event === null) continue;
          backoff.succeeded();
          yield event;
          signal?.throwIfAborted();
        }
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      failure = place.judge(error);
      if (!isPassing(failure)) {
        tell("ended");
        throw failure;
      }
    }
    tell(opened ? "connecting" : "offline");
    await pause(waitAfter(failure, place, backoff), surroundings, signal);
  }
}

function waitAfter(failure: unknown, place: Place, backoff: Backoff): Wait {
  // The stream was well but for one place, which is read again at once the first time.
  if (failure instanceof MisreadError && place.misreads === 1) return { least: 0, usual: 0 };
  const asked = failure instanceof ApiProblem ? failure.retryAfterSeconds : undefined;
  return backoff.next((asked ?? 0) * 1000);
}

/** What came does not follow from what came before. */
class MisreadError extends Error {}

type EventFrame = Extract<Frame, { kind: "event" }>;

/** Where in the events of a spec the reader is. */
class Place {
  /** Sequence of the last event that was taken. */
  last: number;
  /** Times in a row that what followed made no sense. */
  misreads = 0;

  constructor(after: number) {
    this.last = after;
  }

  /** The event of the frame; `null` for a repeat. */
  take({ data }: EventFrame): SpecEvent | null {
    const event = readEvent(data);
    if (event === null) throw new MisreadError(`What follows event ${this.last} cannot be read.`);
    if (event.sequence <= this.last) return null;
    if (event.sequence > this.last + 1) {
      throw new MisreadError(`Events between ${this.last} and ${event.sequence} are missing.`);
    }
    this.last = event.sequence;
    this.misreads = 0;
    return event;
  }

  /** True of the frame that ends a stream of which nothing was missed. */
  isEnd({ event, data }: EventFrame): boolean {
    if (event !== "end") return false;
    const until = endOf(data);
    if (until === null) throw new MisreadError("The end of the stream cannot be read.");
    if (until > this.last) {
      throw new MisreadError(
        `Event ${until} is the last, and ${this.last} was the last that came.`,
      );
    }
    return true;
  }

  /** The error, or what becomes of it when the same place was misread too often. */
  judge(error: unknown): unknown {
    if (!(error instanceof MisreadError || error instanceof StreamFormatError)) return error;
    this.misreads += 1;
    return this.misreads < MAX_MISREADS
      ? new MisreadError(error.message, { cause: error })
      : new UnreadableStreamError(error.message, { cause: error });
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
  return error instanceof ConnectionError || error instanceof MisreadError;
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
