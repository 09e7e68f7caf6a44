// @vitest-environment happy-dom
import {
  focusManager,
  QueryClient,
  QueryClientProvider,
  type DefaultOptions,
} from "@tanstack/react-query";
import { act, cleanup, configure, render, renderHook, waitFor } from "@testing-library/react";
import { StrictMode, type ReactNode } from "react";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  ApiProblem,
  type Connection,
  type Spec,
  type SpecClient,
  type SpecEvent,
  type WatchOptions,
} from "../src/index.js";
import {
  SpecClientProvider,
  specKeys,
  useApprove,
  useCancel,
  useLaunchSpec,
  usePhase,
  useSpec,
  useSpecClient,
  useSpecEvents,
  useSpecs,
} from "../src/react/index.js";
import { eventOf } from "./scripted-server.js";

// A busy machine takes its time.
configure({ asyncUtilTimeout: 10_000 });

const ID = "01932b5e-7c00-7000-8000-000000000001";
const event = (sequence: number, type?: string, data?: unknown) =>
  ({ ...eventOf(sequence, type, data), spec_id: ID }) as unknown as SpecEvent;
const spec = (revision: number, status = "executing") =>
  ({ id: ID, revision, status }) as unknown as Spec;

afterEach(() => {
  cleanup();
  focusManager.setFocused(undefined);
  vi.useRealTimers();
});

/** One stream that a test tells events on. */
class FakeStream {
  readonly #told: SpecEvent[] = [];
  #end: { error?: unknown } | null = null;
  #wake = () => {};
  readonly options: WatchOptions;

  constructor(options: WatchOptions) {
    this.options = options;
    options.signal?.addEventListener("abort", () => this.#wake());
  }

  tell(...events: SpecEvent[]): void {
    this.#told.push(...events);
    this.#wake();
  }

  connection(state: Connection): void {
    this.options.onConnection?.(state);
  }

  end(error?: unknown): void {
    this.#end = error === undefined ? {} : { error };
    this.#wake();
  }

  get closed(): boolean {
    return this.options.signal?.aborted === true;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SpecEvent, void, void> {
    for (;;) {
      const next = this.#told.shift();
      if (this.closed) throw this.options.signal?.reason;
      if (next !== undefined) {
        yield next;
      } else if (this.#end) {
        if ("error" in this.#end) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

function page(answers: Partial<SpecClient> = {}, queryDefaults: DefaultOptions["queries"] = {}) {
  const queries = new QueryClient({ defaultOptions: { queries: queryDefaults } });
  const streams: FakeStream[] = [];
  const client = {
    watchSpec(_id: string, options: WatchOptions = {}) {
      const stream = new FakeStream(options);
      streams.push(stream);
      return stream;
    },
    ...answers,
  } as unknown as SpecClient;
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queries}>
      <SpecClientProvider client={client}>{children}</SpecClientProvider>
    </QueryClientProvider>
  );
  const stream = (index = 0): FakeStream => {
    const found = streams[index];
    if (found === undefined) throw new Error(`There is no stream ${index}.`);
    return found;
  };
  return { queries, client, streams, stream, wrapper };
}

const sequencesOf = ({ events }: { events: SpecEvent[] }) => events.map(({ sequence }) => sequence);

describe("the hooks", () => {
  test("say what they need when there is no client", () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect(() => renderHook(() => useSpecClient())).toThrow("SpecClientProvider");
    vi.restoreAllMocks();
  });

  test("do not repeat a read that was refused, and repeat one that failed", async () => {
    const refused = vi.fn(() =>
      Promise.reject(new ApiProblem({ status: 404, title: "Not found", detail: "" })),
    );
    const failing = vi.fn(() =>
      Promise.reject(new ApiProblem({ status: 503, title: "Down", detail: "" })),
    );
    const { wrapper } = page({ getSpec: refused, getPhase: failing }, { retryDelay: 1 });
    const { result } = renderHook(() => [useSpec(ID), usePhase(ID, "design")] as const, {
      wrapper,
    });
    await waitFor(() => expect(result.current.every(({ isError }) => isError)).toBe(true));
    expect(refused).toHaveBeenCalledTimes(1);
    expect(failing).toHaveBeenCalledTimes(4);
  });

  test("leave it to the page how often a read is repeated", async () => {
    const failing = vi.fn(() => Promise.reject(new Error("gone")));
    const { wrapper } = page({ getSpec: failing }, { retry: false });
    const { result } = renderHook(() => useSpec(ID), { wrapper });
    await waitFor(() => expect(result.current.isError).toBe(true));
    expect(failing).toHaveBeenCalledTimes(1);
  });

  test("read a list page by page", async () => {
    const listSpecs = vi.fn(async (query: { before?: string | null } = {}) =>
      query.before === "a"
        ? { specs: [{ id: "b" }], next: null }
        : { specs: [{ id: "a" }], next: "a" },
    ) as unknown as SpecClient["listSpecs"];
    const { wrapper } = page({ listSpecs });
    const { result } = renderHook(() => useSpecs({ limit: 1 }), { wrapper });
    await waitFor(() => expect(result.current.hasNextPage).toBe(true));
    await act(() => result.current.fetchNextPage());
    await waitFor(() => expect(result.current.hasNextPage).toBe(false));
    expect(result.current.data?.pages.flatMap(({ specs }) => specs.map(({ id }) => id))).toEqual([
      "a",
      "b",
    ]);
  });
});

describe("a command", () => {
  test("shows the spec that it answers with, and has the rest read again", async () => {
    const getSpec = vi.fn(async () => spec(1));
    const getPhase = vi.fn(async () => ({}) as never);
    const approvePhase = vi.fn(async () => spec(2, "completed"));
    const { wrapper } = page({ getSpec, getPhase, approvePhase });
    const { result } = renderHook(
      () => ({ spec: useSpec(ID), phase: usePhase(ID, "sync"), approve: useApprove(ID) }),
      { wrapper },
    );
    await waitFor(() => expect(result.current.phase.isSuccess).toBe(true));
    await act(() => result.current.approve.mutateAsync({ phase: "sync", content_hash: "f" }));
    expect(approvePhase).toHaveBeenCalledWith(ID, "sync", { content_hash: "f" });
    await waitFor(() => expect(result.current.spec.data?.status).toBe("completed"));
    await waitFor(() => expect(getPhase).toHaveBeenCalledTimes(2));
    expect(getSpec).toHaveBeenCalledTimes(1);
  });

  test("does not take a page back to what was before", async () => {
    const { wrapper, queries } = page({ cancelSpec: async () => spec(4, "executing") });
    queries.setQueryData(specKeys.detail(ID), spec(5, "cancelled"));
    const { result } = renderHook(() => useCancel(ID), { wrapper });
    await act(() => result.current.mutateAsync());
    expect(queries.getQueryData<Spec>(specKeys.detail(ID))?.status).toBe("cancelled");
  });
});

describe("a launch", () => {
  const draft = { title: "a", description: "b" };

  function launching() {
    const answers: ((answer: { spec_id: string } | Error) => void)[] = [];
    const launchSpec = vi.fn(
      (_draft: unknown, _options?: { idempotencyKey?: string }) =>
        new Promise((resolve, reject) => {
          answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
        }),
    );
    const onLaunched = vi.fn();
    const { wrapper } = page({ launchSpec: launchSpec as unknown as SpecClient["launchSpec"] });
    const { result } = renderHook(() => useLaunchSpec({ onLaunched }), { wrapper });
    const keys = () => launchSpec.mock.calls.map(([, options]) => options?.idempotencyKey);
    return { answers, launchSpec, onLaunched, result, keys };
  }

  test("that is submitted twice happens and redirects once", async () => {
    const { answers, launchSpec, onLaunched, result } = launching();
    act(() => {
      result.current.mutate(draft);
      result.current.mutate({ ...draft });
    });
    await waitFor(() => expect(answers).toHaveLength(1));
    await act(async () => answers[0]?.({ spec_id: ID }));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(launchSpec).toHaveBeenCalledTimes(1);
    expect(onLaunched).toHaveBeenCalledTimes(1);
    expect(onLaunched).toHaveBeenCalledWith({ spec_id: ID });
  });

  test("that failed is submitted again with the same key", async () => {
    const { answers, onLaunched, result, keys } = launching();
    act(() => result.current.mutate(draft));
    await waitFor(() => expect(answers).toHaveLength(1));
    await act(async () => answers[0]?.(new Error("gone")));
    await waitFor(() => expect(result.current.isError).toBe(true));
    act(() => result.current.mutate(draft));
    await waitFor(() => expect(answers).toHaveLength(2));
    await act(async () => answers[1]?.({ spec_id: ID }));
    await waitFor(() => expect(onLaunched).toHaveBeenCalledTimes(1));
    expect(keys()[0]).toBe(keys()[1]);
  });

  test("of another draft has another key", async () => {
    const { answers, onLaunched, result, keys } = launching();
    act(() => result.current.mutate(draft));
    act(() => result.current.mutate({ ...draft, title: "c" }));
    await waitFor(() => expect(answers).toHaveLength(2));
    await act(async () => answers.forEach((answer, index) => answer({ spec_id: `${index}` })));
    await waitFor(() => expect(onLaunched).toHaveBeenCalledTimes(2));
    expect(keys()[0]).not.toBe(keys()[1]);
  });
});

describe("the events of a spec", () => {
  test("come in order, and say how the stream is connected", async () => {
    const { wrapper, stream } = page();
    const { result } = renderHook(() => useSpecEvents(ID), { wrapper });
    expect(result.current).toEqual({ events: [], connection: "connecting", error: null });
    stream().connection("live");
    stream().tell(event(1), event(2));
    await waitFor(() => expect(sequencesOf(result.current)).toEqual([1, 2]));
    expect(result.current.connection).toBe("live");
    const before = result.current.events;
    stream().connection("offline");
    await waitFor(() => expect(result.current.connection).toBe("offline"));
    expect(result.current.events).toBe(before);
  });

  test("come over one stream for all components, which ends with the last of them", async () => {
    const { wrapper, streams, stream, queries } = page();
    const seen: number[][] = [[], []];
    function Reader({ index }: { index: number }) {
      seen[index] = sequencesOf(useSpecEvents(ID));
      return null;
    }
    const { rerender } = render(
      <StrictMode>
        <Reader index={0} />
        <Reader index={1} />
      </StrictMode>,
      { wrapper },
    );
    expect(streams.filter(({ closed }) => !closed)).toHaveLength(1);
    stream().tell(event(1));
    await waitFor(() => expect(seen).toEqual([[1], [1]]));
    rerender(<Reader index={0} />);
    await act(async () => undefined);
    const live = streams.filter(({ closed }) => !closed);
    expect(live).toHaveLength(1);
    cleanup();
    await waitFor(() => expect(streams.every(({ closed }) => closed)).toBe(true));
    expect(
      queries
        .getQueryCache()
        .find({ queryKey: specKeys.events(ID) })
        ?.isActive(),
    ).toBe(false);
  });

  test("are kept for the next visit, which goes on after them", async () => {
    const { wrapper, stream } = page();
    const first = renderHook(() => useSpecEvents(ID), { wrapper });
    stream().tell(event(1), event(2));
    await waitFor(() => expect(first.result.current.events).toHaveLength(2));
    first.unmount();
    await waitFor(() => expect(stream().closed).toBe(true));
    const second = renderHook(() => useSpecEvents(ID), { wrapper });
    expect(sequencesOf(second.result.current)).toEqual([1, 2]);
    expect(stream(1).options.after).toBe(2);
    stream(1).tell(event(3));
    await waitFor(() => expect(sequencesOf(second.result.current)).toEqual([1, 2, 3]));
  });

  test("are handed to the page a few times though they come in thousands", async () => {
    const { wrapper, stream, queries } = page();
    let renders = 0;
    const { result } = renderHook(
      () => {
        renders += 1;
        return useSpecEvents(ID);
      },
      { wrapper },
    );
    let updates = 0;
    const stop = queries.getQueryCache().subscribe(({ type }) => {
      if (type === "updated") updates += 1;
    });
    const sequences = Array.from({ length: 10_000 }, (_, index) => index + 1);
    stream().tell(...sequences.map((sequence) => event(sequence, "spec.progress")));
    await waitFor(() => expect(result.current.events).toHaveLength(10_000));
    stop();
    expect(sequencesOf(result.current)).toEqual(sequences);
    expect(updates).toBeLessThan(50);
    expect(renders).toBeLessThan(50);
  });

  test("tell why there are none when they are refused", async () => {
    const { wrapper, stream } = page();
    const { result } = renderHook(() => useSpecEvents(ID), { wrapper });
    stream().end(new ApiProblem({ status: 404, title: "Not found", detail: "" }));
    await waitFor(() => expect(result.current.error).toBeInstanceOf(ApiProblem));
    expect(result.current.connection).toBe("ended");
  });

  test("have what they make stale read again, together and not too often", async () => {
    let revision = 0;
    const getSpec = vi.fn(async () => spec((revision += 1)));
    const read: { phase: string; at: number }[] = [];
    const getPhase = async (_id: string, phase: string) => {
      read.push({ phase, at: performance.now() });
      return {} as never;
    };
    const { wrapper, stream } = page({ getSpec, getPhase });
    const { result } = renderHook(
      () =>
        [useSpec(ID), usePhase(ID, "design"), usePhase(ID, "tasks"), useSpecEvents(ID)] as const,
      { wrapper },
    );
    await waitFor(() => expect(result.current[2].isSuccess).toBe(true));
    const done = { phase: "design" };
    stream().tell(event(2, "spec.run_ended", done), event(3, "spec.phase_completed", done));
    await waitFor(() => expect(read).toHaveLength(3));
    expect(getSpec).toHaveBeenCalledTimes(2);
    stream().tell(event(4, "spec.run_ended", done));
    await waitFor(() => expect(read).toHaveLength(4));
    expect(read.map(({ phase }) => phase)).toEqual(["design", "tasks", "design", "design"]);
    expect((read[3]?.at ?? 0) - (read[2]?.at ?? 0)).toBeGreaterThan(900);
  });

  test("do not have a spec read again that is known to be newer", async () => {
    const getSpec = vi.fn(async () => spec(9));
    const getUsage = vi.fn(async () => ({}) as never);
    const { wrapper, stream, queries } = page({ getSpec, getUsage });
    const { result } = renderHook(() => [useSpec(ID), useSpecEvents(ID)] as const, { wrapper });
    await waitFor(() => expect(result.current[0].isSuccess).toBe(true));
    queries.setQueryData(specKeys.usage(ID), {});
    stream().tell(event(9, "spec.budget_changed"));
    const usage = () => queries.getQueryState(specKeys.usage(ID));
    await waitFor(() => expect(usage()?.isInvalidated).toBe(true));
    expect(getSpec).toHaveBeenCalledTimes(1);
  });

  test("of a type that is not known yet are shown, and have everything read again", async () => {
    const getSpec = vi.fn(async () => spec(1));
    const { wrapper, stream } = page({ getSpec });
    const { result } = renderHook(() => [useSpec(ID), useSpecEvents(ID)] as const, { wrapper });
    await waitFor(() => expect(result.current[0].isSuccess).toBe(true));
    stream().tell(event(2, "spec.dreamt", null));
    await waitFor(() => expect(getSpec).toHaveBeenCalledTimes(2));
    expect(sequencesOf(result.current[1])).toEqual([2]);
  });
});

describe("a spec that has ended", () => {
  async function ended(getSpec: SpecClient["getSpec"]) {
    const on = page({ getSpec });
    vi.useFakeTimers();
    const { result } = renderHook(() => useSpecEvents(ID), { wrapper: on.wrapper });
    const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
    on.stream().tell(event(1), event(2, "spec.execution_completed"));
    on.stream().connection("ended");
    on.stream().end();
    await pass(400);
    expect(result.current.connection).toBe("ended");
    return { ...on, result, pass };
  }

  test("is looked at now and then, and watched again when it goes on", async () => {
    let now = spec(2, "completed");
    const getSpec = vi.fn(async () => now);
    const { pass, streams, stream, result } = await ended(getSpec);
    await pass(15_000);
    expect(getSpec).toHaveBeenCalledTimes(1);
    expect(streams).toHaveLength(1);
    now = spec(3, "executing");
    await pass(15_000);
    expect(streams).toHaveLength(2);
    expect(stream(1).options.after).toBe(2);
    stream(1).connection("live");
    stream(1).tell(event(3));
    await pass(400);
    expect(sequencesOf(result.current)).toEqual([1, 2, 3]);
    expect(result.current.connection).toBe("live");
    const looks = getSpec.mock.calls.length;
    stream(1).tell(event(4, "spec.progress"));
    await pass(60_000);
    expect(getSpec.mock.calls.length - looks).toBeLessThanOrEqual(1);
  });

  test("is looked at when the reader comes back, and not while nobody looks", async () => {
    const getSpec = vi.fn(async () => spec(2, "completed"));
    const { pass } = await ended(getSpec);
    focusManager.setFocused(false);
    await pass(60_000);
    expect(getSpec).not.toHaveBeenCalled();
    focusManager.setFocused(true);
    await pass(1);
    expect(getSpec).toHaveBeenCalledTimes(1);
  });

  test("is watched again at once when a command makes it go on", async () => {
    const { queries, pass, streams } = await ended(async () => spec(2, "completed"));
    act(() => void queries.setQueryData(specKeys.detail(ID), spec(3, "executing")));
    await pass(1);
    expect(streams).toHaveLength(2);
  });

  test("is not watched again for what was read before it ended", async () => {
    const { queries, pass, streams } = await ended(async () => spec(2, "completed"));
    act(() => void queries.setQueryData(specKeys.detail(ID), spec(1, "executing")));
    await pass(1);
    expect(streams).toHaveLength(1);
  });

  test("is left alone once nobody shows it", async () => {
    const getSpec = vi.fn(async () => spec(2, "completed"));
    const { pass } = await ended(getSpec);
    cleanup();
    await pass(60_000);
    expect(getSpec).not.toHaveBeenCalled();
  });
});
