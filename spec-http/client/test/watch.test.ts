import { describe, expect, test } from "vitest";
import { ApiProblem, UnreadableStreamError } from "../src/errors.js";
import { isUnknownEvent } from "../src/events.js";
import { createTransport, type ClientOptions } from "../src/transport.js";
import type { Wake } from "../src/watch/wake.js";
import { watchEvents, type Connection, type WatchOptions } from "../src/watch/watch.js";
import { HastyClock, ManualClock, SILENCE_MS } from "./clocks.js";
import { end, frame, hangUp, problem, scriptedServer, SPEC_ID, stream } from "./scripted-server.js";
import { until } from "./until.js";

const awake: Wake = { isAsleep: () => false, onWake: () => () => undefined };

function watching(client: ClientOptions, options: WatchOptions = {}) {
  const clock = new HastyClock();
  const states: Connection[] = [];
  const onConnection = (state: Connection) => states.push(state);
  const events = watchEvents(
    createTransport(client),
    SPEC_ID,
    { onConnection, ...options },
    { clock, wake: awake },
  );
  return { clock, states, events };
}

async function sequences(events: AsyncIterable<{ sequence: number }>): Promise<number[]> {
  const all: number[] = [];
  for await (const { sequence } of events) all.push(sequence);
  return all;
}

const lastIds = (received: { headers: NodeJS.Dict<string | string[]> }[]) =>
  received.map(({ headers }) => headers["last-event-id"]);

describe("a watched spec", () => {
  test("is told from its first event to its end", async () => {
    const server = await scriptedServer(stream([frame(1), frame(2), end(2)], "keep"));
    const { events, states } = watching(server);
    expect(await sequences(events)).toEqual([1, 2]);
    expect(states).toEqual(["connecting", "live", "ended"]);
    expect(server.received[0]?.path).toBe(`/api/v1/specs/${SPEC_ID}/events/stream`);
    expect(server.received[0]?.headers.accept).toBe("text/event-stream");
    await until(() => server.received[0]?.closed());
  });

  test("goes on after a break from the last event that came", async () => {
    const server = await scriptedServer(
      stream([frame(1), frame(2)], "cut"),
      stream([frame(3)], "close"),
      stream([frame(4), end(4)]),
    );
    const { events, states } = watching(server);
    expect(await sequences(events)).toEqual([1, 2, 3, 4]);
    expect(lastIds(server.received)).toEqual([undefined, "2", "3"]);
    expect(states).toEqual([
      "connecting",
      "live",
      "connecting",
      "live",
      "connecting",
      "live",
      "ended",
    ]);
  });

  test("goes on where the reader left off", async () => {
    const server = await scriptedServer(stream([frame(8), end(8)]));
    expect(await sequences(watching(server, { after: 7 }).events)).toEqual([8]);
    expect(lastIds(server.received)).toEqual(["7"]);
  });

  test("shows no event twice", async () => {
    const server = await scriptedServer(
      stream([frame(1), frame(1), frame(2)], "cut"),
      stream([frame(1), frame(2), frame(3), frame(2), end(3)]),
    );
    expect(await sequences(watching(server).events)).toEqual([1, 2, 3]);
  });

  test("has what a gap left out read again at once", async () => {
    const server = await scriptedServer(
      stream([frame(1), frame(4)], "keep"),
      stream([frame(2), frame(3), frame(4), end(4)]),
    );
    const { events, clock } = watching(server);
    expect(await sequences(events)).toEqual([1, 2, 3, 4]);
    expect(lastIds(server.received)).toEqual([undefined, "1"]);
    expect(clock.waits).toEqual([0]);
  });

  test("does not end before its last event came", async () => {
    const server = await scriptedServer(
      stream([frame(1), end(2)], "keep"),
      stream([frame(2), end(2)]),
    );
    expect(await sequences(watching(server).events)).toEqual([1, 2]);
  });

  test("is given up when the same event is missing again and again", async () => {
    const server = await scriptedServer(stream([frame(1), frame(3)], "keep"));
    const { events, states } = watching(server);
    await expect(sequences(events)).rejects.toThrow(UnreadableStreamError);
    expect(server.received).toHaveLength(5);
    expect(states.at(-1)).toBe("ended");
  });

  test("is given up when what comes is no event", async () => {
    const server = await scriptedServer(stream(["data: {\n\n"], "keep"));
    await expect(sequences(watching(server).events)).rejects.toThrow(UnreadableStreamError);
  });

  test("is told with types that are not known yet", async () => {
    const server = await scriptedServer(
      stream([frame(1), frame(2, "spec.dreamt"), frame(3), end(3)]),
    );
    const types: string[] = [];
    const unknown: string[] = [];
    for await (const event of watching(server).events) {
      types.push(event.type);
      if (isUnknownEvent(event)) unknown.push((event as { type: string }).type);
    }
    expect(types).toEqual(["spec.execution_started", "spec.dreamt", "spec.execution_started"]);
    expect(unknown).toEqual(["spec.dreamt"]);
  });

  test.each([401, 403, 404, 422])("is refused with %i", async (status) => {
    const server = await scriptedServer(problem(status));
    const { events, states } = watching(server);
    const error = await sequences(events).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiProblem);
    expect(error).toMatchObject({ status, detail: "Try less." });
    expect(states).toEqual(["connecting", "ended"]);
    expect(server.received).toHaveLength(1);
  });

  test("is refused, and let go of, when the answer is no event stream", async () => {
    const server = await scriptedServer((response) => {
      response.writeHead(200, { "content-type": "text/html" }).write("<p>Sign in</p>");
    });
    await expect(sequences(watching(server).events)).rejects.toThrow("text/html");
    await until(() => server.received[0]?.closed());
  });

  test("waits as long as the server asks when it has no place", async () => {
    const server = await scriptedServer(
      problem(429, { "retry-after": "7" }),
      problem(503, { "retry-after": "3" }),
      hangUp,
      stream([frame(1), end(1)]),
    );
    const { events, states, clock } = watching(server);
    expect(await sequences(events)).toEqual([1]);
    expect(clock.waits[0]).toBeGreaterThanOrEqual(7_000);
    expect(clock.waits[1]).toBeGreaterThanOrEqual(3_000);
    expect(clock.waits[2]).toBeLessThan(3_000);
    expect(states).toEqual(["connecting", "offline", "live", "ended"]);
  });

  test("waits before each reconnect as long as the stream said", async () => {
    const server = await scriptedServer(
      stream([frame(1), "retry: 4000\n\n"]),
      stream([frame(2), end(2)]),
    );
    const { events, clock } = watching(server);
    expect(await sequences(events)).toEqual([1, 2]);
    expect(clock.waits).toHaveLength(1);
    expect(clock.waits[0]).toBeGreaterThanOrEqual(4_000);
    expect(clock.waits[0]).toBeLessThanOrEqual(5_000);
  });

  test("waits longer with each failure, and briefly again once something came", async () => {
    const server = await scriptedServer(
      hangUp,
      hangUp,
      hangUp,
      stream([frame(1)]),
      stream([frame(2), end(2)]),
    );
    const { events, clock } = watching(server);
    expect(await sequences(events)).toEqual([1, 2]);
    expect(clock.waits).toEqual([375, 750, 1500, 375]);
  });

  test("is asked for with the token of the moment", async () => {
    const server = await scriptedServer(stream([frame(1)], "cut"), stream([frame(2), end(2)]));
    let asked = 0;
    const token = async () => `secret-${(asked += 1)}`;
    await sequences(watching({ ...server, token }).events);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer secret-1",
      "Bearer secret-2",
    ]);
  });

  test("is let go of when the reader stops reading", async () => {
    const server = await scriptedServer(stream([frame(1), frame(2)], "keep"));
    for await (const event of watching(server).events) {
      if (event.sequence === 1) break;
    }
    await until(() => server.received[0]?.closed());
  });

  test("is let go of at once when it is aborted while nothing happens", async () => {
    const server = await scriptedServer(stream([frame(1)], "keep"));
    const stop = new AbortController();
    const { events } = watching(server, { signal: stop.signal });
    expect((await events.next()).value?.sequence).toBe(1);
    const next = events.next();
    stop.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    await until(() => server.received[0]?.closed());
    expect(server.received).toHaveLength(1);
  });

  test("shows no more events once it is aborted", async () => {
    const server = await scriptedServer(stream([frame(1) + frame(2)], "keep"));
    const stop = new AbortController();
    const { events } = watching(server, { signal: stop.signal });
    expect((await events.next()).value?.sequence).toBe(1);
    stop.abort(new Error("enough"));
    await expect(events.next()).rejects.toThrow("enough");
  });

  test("can be aborted while it waits to reconnect, and leaves no timer", async () => {
    const server = await scriptedServer(hangUp);
    const clock = new ManualClock();
    const stop = new AbortController();
    const events = watchEvents(
      createTransport(server),
      SPEC_ID,
      { signal: stop.signal },
      { clock, wake: awake },
    );
    const next = events.next();
    await until(() => clock.waits().includes(375));
    stop.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    expect(clock.waits()).toEqual([]);
  });

  test("is not asked for when it was aborted before", async () => {
    const server = await scriptedServer(stream([end(0)]));
    const { events } = watching(server, { signal: AbortSignal.abort(new Error("enough")) });
    await expect(sequences(events)).rejects.toThrow("enough");
    expect(server.received).toEqual([]);
  });
});

describe("a stream on which nothing comes", () => {
  test("is given up and opened again", async () => {
    const server = await scriptedServer(
      stream([frame(1)], "keep"),
      stream([frame(2), end(2)], "keep"),
    );
    const clock = new ManualClock();
    const surroundings = { clock, wake: awake };
    const events = watchEvents(createTransport(server), SPEC_ID, {}, surroundings);
    expect((await events.next()).value?.sequence).toBe(1);
    const next = events.next();
    await until(() => clock.waits().includes(SILENCE_MS));
    clock.advance(SILENCE_MS - 1);
    expect(server.received).toHaveLength(1);
    clock.advance(1);
    await until(() => clock.waits().includes(375));
    clock.advance(375);
    expect((await next).value?.sequence).toBe(2);
    expect(lastIds(server.received)).toEqual([undefined, "1"]);
    expect((await events.next()).done).toBe(true);
    expect(clock.waits()).toEqual([]);
  });

  test("is given up when not even its headers come", async () => {
    const server = await scriptedServer(() => undefined, stream([frame(1), end(1)]));
    const clock = new ManualClock();
    const surroundings = { clock, wake: awake };
    const events = watchEvents(createTransport(server), SPEC_ID, {}, surroundings);
    const next = events.next();
    await until(() => server.received.length === 1);
    clock.advance(SILENCE_MS);
    await until(() => clock.waits().includes(375));
    clock.advance(375);
    expect((await next).value?.sequence).toBe(1);
    await events.return();
  });

  test("is not given up while its reader takes long", async () => {
    let tell = () => {};
    const server = await scriptedServer((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(frame(1));
      tell = () => response.write(frame(2) + end(2));
    });
    const clock = new ManualClock();
    const surroundings = { clock, wake: awake };
    const events = watchEvents(createTransport(server), SPEC_ID, {}, surroundings);
    expect((await events.next()).value?.sequence).toBe(1);
    clock.advance(10 * SILENCE_MS);
    const next = events.next();
    tell();
    expect((await next).value?.sequence).toBe(2);
    expect((await events.next()).done).toBe(true);
    expect(server.received).toHaveLength(1);
  });
});

/** A page whose network comes and goes. */
class Page implements Wake {
  asleep = false;
  readonly #waiting = new Set<() => void>();

  isAsleep(): boolean {
    return this.asleep;
  }

  onWake(then: () => void): () => void {
    this.#waiting.add(then);
    return () => this.#waiting.delete(then);
  }

  wake(): void {
    this.asleep = false;
    for (const then of [...this.#waiting]) then();
  }

  listeners(): number {
    return this.#waiting.size;
  }
}

describe("a page without a network", () => {
  test("holds back its reconnects, and hurries when the network is there", async () => {
    const server = await scriptedServer(hangUp, stream([frame(1), end(1)]));
    const clock = new ManualClock();
    const page = new Page();
    page.asleep = true;
    const events = watchEvents(createTransport(server), SPEC_ID, {}, { clock, wake: page });
    const next = events.next();
    await until(() => clock.waits().includes(30_000));
    page.wake();
    await until(() => clock.waits().includes(0));
    clock.advance(0);
    expect((await next).value?.sequence).toBe(1);
    expect((await events.next()).done).toBe(true);
    expect(page.listeners()).toBe(0);
  });

  test("does not hurry before the server wants it back", async () => {
    const server = await scriptedServer(problem(503, { "retry-after": "20" }), stream([end(0)]));
    const clock = new ManualClock();
    const page = new Page();
    const events = watchEvents(createTransport(server), SPEC_ID, {}, { clock, wake: page });
    const next = events.next();
    await until(() => clock.waits().includes(22_500));
    clock.advance(5_000);
    page.wake();
    expect(clock.waits()).toEqual([15_000]);
    clock.advance(15_000);
    expect((await next).done).toBe(true);
  });

  test("gives a silent stream up sooner when the network is back", async () => {
    const server = await scriptedServer(stream([frame(1)], "keep"), stream([frame(2), end(2)]));
    const clock = new ManualClock();
    const page = new Page();
    const events = watchEvents(createTransport(server), SPEC_ID, {}, { clock, wake: page });
    await events.next();
    const next = events.next();
    await until(() => clock.waits().includes(SILENCE_MS));
    clock.advance(5_000);
    page.wake();
    expect(clock.waits()).toEqual([SILENCE_MS]);
    clock.advance(20_000);
    page.wake();
    await until(() => clock.waits().includes(375));
    clock.advance(375);
    expect((await next).value?.sequence).toBe(2);
    await events.return();
  });
});
