import type { Clock } from "../clock.js";
import { ConnectionError, unexpectedAnswer } from "../errors.js";
import { EventStreamParser, type Frame } from "../sse/parser.js";
import { connected, type Transport } from "../transport.js";
import type { Wake } from "./wake.js";

/** A connection on which nothing came for so long is taken for dead. */
const SILENCE_MS = 45_000;
/** When the network or the reader comes back, this much silence is enough. */
const SILENCE_ON_WAKE_MS = 20_000;

export interface Surroundings {
  clock: Clock;
  wake: Wake;
}

/**
 * The frames of one connection to the stream of a spec, until it ends or breaks. Calls `onOpen` once
 * the server has accepted it. However it is left, nothing of it remains.
 */
export async function* readStream(
  transport: Transport,
  id: string,
  after: number,
  { clock, wake }: Surroundings,
  signal: AbortSignal | undefined,
  onOpen: () => void,
): AsyncGenerator<Frame[], void, void> {
  const ending = new AbortController();
  const stop = () => ending.abort(signal?.reason);
  let heard = clock.now();
  let cancelWatchdog = () => {};
  const giveUp = () =>
    ending.abort(new ConnectionError("Nothing came on the stream for too long."));
  const hear = () => {
    heard = clock.now();
    cancelWatchdog();
    cancelWatchdog = clock.after(SILENCE_MS, giveUp);
  };
  const stopListening = wake.onWake(() => {
    if (clock.now() - heard >= SILENCE_ON_WAKE_MS) giveUp();
  });
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    hear();
    const response = await orAborted(ending.signal, open(transport, id, after, ending.signal));
    const type = response.headers.get("content-type") ?? "";
    if (!/^text\/event-stream\b/iu.test(type) || response.body === null) {
      throw unexpectedAnswer(response, "text/event-stream");
    }
    reader = response.body.getReader();
    const body = reader;
    hear();
    onOpen();
    const parser = new EventStreamParser();
    for (;;) {
      const piece = await orAborted(
        ending.signal,
        connected(ending.signal, () => body.read()),
      );
      if (piece.done) return;
      const frames = parser.push(piece.value);
      // While the reader is busy nobody listens, and silence means nothing.
      cancelWatchdog();
      heard = Number.POSITIVE_INFINITY;
      if (frames.length > 0) yield frames;
      hear();
    }
  } finally {
    cancelWatchdog();
    stopListening();
    signal?.removeEventListener("abort", stop);
    ending.abort();
    reader?.cancel().catch(() => undefined);
  }
}

function open(
  transport: Transport,
  id: string,
  after: number,
  signal: AbortSignal,
): Promise<Response> {
  const url = `${transport.baseUrl()}/specs/${encodeURIComponent(id)}/events/stream`;
  const headers = new Headers({ Accept: "text/event-stream" });
  if (after > 0) headers.set("Last-Event-ID", String(after));
  return transport.send(new Request(url, { headers, signal, cache: "no-store" }));
}

/** What `work` comes to, or the signal's reason, even where the work does not heed the signal. */
function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
