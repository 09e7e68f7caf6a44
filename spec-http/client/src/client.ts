import createApi from "openapi-fetch";
import { systemClock } from "./clock.js";
import { ConnectionError, unexpectedAnswer } from "./errors.js";
import { filenameOf } from "./filename.js";
import { newIdempotencyKey, sendLaunch } from "./launch.js";
import type { paths } from "./schema.js";
import { connected, createTransport, type ClientOptions } from "./transport.js";
import type {
  ApproveBody,
  BudgetBody,
  CancelBody,
  Capabilities,
  EventPage,
  ExportFormat,
  LaunchBody,
  Phase,
  PhaseResult,
  ProjectList,
  QuickTaskBody,
  QuickTaskCreated,
  RequestChangesBody,
  RetryBody,
  Spec,
  SpecEvent,
  SpecLaunched,
  SpecPage,
  SpecQuery,
  SpecUsage,
  TraceBody,
  VersionList,
} from "./types.js";
import { watchEvents, type WatchOptions } from "./watch/watch.js";

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface LaunchOptions extends CallOptions {
  /** Launches with the same key make one spec. Default: a random one. */
  idempotencyKey?: string;
}

export interface ExportedFile {
  blob: Blob;
  /** What the server calls it. */
  filename: string;
}

/**
 * The API. Each call rejects with an `ApiProblem` when the server refuses, with a `ConnectionError`
 * when it cannot be reached, and with the signal's reason when it is aborted.
 */
export interface SpecClient {
  /** Creates a spec and, unless told otherwise, starts it. Sent again when the connection fails. */
  launchSpec(body: LaunchBody, options?: LaunchOptions): Promise<SpecLaunched>;
  /** A page of the caller's specs, newest first. */
  listSpecs(query?: SpecQuery, options?: CallOptions): Promise<SpecPage>;
  getSpec(id: string, options?: CallOptions): Promise<Spec>;
  /** Starts a draft. */
  executeSpec(id: string, options?: CallOptions): Promise<Spec>;
  /** Stops a spec for good. */
  cancelSpec(id: string, body?: CancelBody, options?: CallOptions): Promise<Spec>;
  /** Stops a spec for now; the attempt under way ends. */
  pauseSpec(id: string, options?: CallOptions): Promise<Spec>;
  resumeSpec(id: string, options?: CallOptions): Promise<Spec>;
  /** Does a phase again, and after it those that build on it. */
  retrySpec(id: string, body?: RetryBody, options?: CallOptions): Promise<Spec>;
  /** Puts a draft, or a spec that has ended, away. */
  archiveSpec(id: string, options?: CallOptions): Promise<Spec>;
  setBudget(id: string, body: BudgetBody, options?: CallOptions): Promise<Spec>;
  getUsage(id: string, options?: CallOptions): Promise<SpecUsage>;
  /** Coverage and order, computed from the newest outputs. */
  getTrace(id: string, options?: CallOptions): Promise<TraceBody>;
  /** What a phase has produced; the newest version unless another is named. */
  getPhase(
    id: string,
    phase: Phase,
    query?: { version?: number | undefined },
    options?: CallOptions,
  ): Promise<PhaseResult>;
  /** The versions of what a phase has produced, newest first. */
  listVersions(id: string, phase: Phase, options?: CallOptions): Promise<VersionList>;
  /** Approves what was read: an output that has changed since is refused with 412. */
  approvePhase(id: string, phase: Phase, body: ApproveBody, options?: CallOptions): Promise<Spec>;
  requestChanges(
    id: string,
    phase: Phase,
    body: RequestChangesBody,
    options?: CallOptions,
  ): Promise<Spec>;
  /** A page of the events of a spec, oldest first. */
  listEvents(
    id: string,
    query?: { after?: number; limit?: number },
    options?: CallOptions,
  ): Promise<EventPage>;
  /**
   * The events of a spec as they happen, each once and in order, over any number of connections.
   * Ends after a spec has completed or was cancelled. Throws an `ApiProblem` when the server refuses
   * the stream, an `UnreadableStreamError` when what it tells makes no sense however often it is
   * read, and the signal's reason when it is aborted. Only the signal ends it while an event
   * is being waited for. Types that this client does not know are passed on: `isUnknownEvent`.
   */
  watchSpec(id: string, options?: WatchOptions): AsyncIterable<SpecEvent>;
  /** All that there is of a spec so far, as a file. */
  exportSpec(id: string, format: ExportFormat, options?: CallOptions): Promise<ExportedFile>;
  listProjects(options?: CallOptions): Promise<ProjectList>;
  getCapabilities(options?: CallOptions): Promise<Capabilities>;
  /** Makes a task without a spec, where the server can. */
  createQuickTask(body: QuickTaskBody, options?: CallOptions): Promise<QuickTaskCreated>;
}

/** A client of the API. It holds no connection and nothing that must be released. */
export function createClient(options: ClientOptions = {}): SpecClient {
  const transport = createTransport(options);
  const api = (fetch = json) => createApi<paths>({ baseUrl: transport.baseUrl(), fetch });

  /** Reads the body here, where a break of it is told from an answer that makes no sense. */
  async function whole(request: Request): Promise<Response> {
    const response = await transport.send(request);
    const body = await connected(request.signal, () => response.arrayBuffer());
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  }

  async function json(request: Request): Promise<Response> {
    const response = await whole(request);
    const type = response.headers.get("content-type") ?? "";
    if (!/^application\/(?:[\w.-]+\+)?json\b/iu.test(type))
      throw unexpectedAnswer(response, "JSON");
    return response;
  }

  const of = (id: string) => ({ path: { spec_id: id } });
  const ofPhase = (id: string, phase: Phase) => ({ path: { spec_id: id, phase } });
  const by = ({ signal }: CallOptions = {}) => (signal ? { signal } : {});

  return {
    async launchSpec(body, { idempotencyKey = newIdempotencyKey(), signal } = {}) {
      const params = { header: { "Idempotency-Key": idempotencyKey } };
      const send = () => answer(api().POST("/specs/launch", { params, body, ...by({ signal }) }));
      return sendLaunch(send, systemClock, signal);
    },
    listSpecs: (query = {}, options) =>
      answer(api().GET("/specs", { params: { query }, ...by(options) })),
    getSpec: (id, options) =>
      answer(api().GET("/specs/{spec_id}", { params: of(id), ...by(options) })),
    executeSpec: (id, options) =>
      answer(api().POST("/specs/{spec_id}/execute", { params: of(id), ...by(options) })),
    cancelSpec: (id, body = {}, options) =>
      answer(api().POST("/specs/{spec_id}/cancel", { params: of(id), body, ...by(options) })),
    pauseSpec: (id, options) =>
      answer(api().POST("/specs/{spec_id}/pause", { params: of(id), ...by(options) })),
    resumeSpec: (id, options) =>
      answer(api().POST("/specs/{spec_id}/resume", { params: of(id), ...by(options) })),
    retrySpec: (id, body = {}, options) =>
      answer(api().POST("/specs/{spec_id}/retry", { params: of(id), body, ...by(options) })),
    archiveSpec: (id, options) =>
      answer(api().DELETE("/specs/{spec_id}", { params: of(id), ...by(options) })),
    setBudget: (id, body, options) =>
      answer(api().PUT("/specs/{spec_id}/budget", { params: of(id), body, ...by(options) })),
    getUsage: (id, options) =>
      answer(api().GET("/specs/{spec_id}/usage", { params: of(id), ...by(options) })),
    getTrace: (id, options) =>
      answer(api().GET("/specs/{spec_id}/trace", { params: of(id), ...by(options) })),
    getPhase: (id, phase, { version } = {}, options) =>
      answer(
        api().GET("/specs/{spec_id}/phases/{phase}", {
          params: { ...ofPhase(id, phase), query: version === undefined ? {} : { version } },
          ...by(options),
        }),
      ),
    listVersions: (id, phase, options) =>
      answer(
        api().GET("/specs/{spec_id}/phases/{phase}/versions", {
          params: ofPhase(id, phase),
          ...by(options),
        }),
      ),
    approvePhase: (id, phase, body, options) =>
      answer(
        api().POST("/specs/{spec_id}/phases/{phase}/approve", {
          params: ofPhase(id, phase),
          body,
          ...by(options),
        }),
      ),
    requestChanges: (id, phase, body, options) =>
      answer(
        api().POST("/specs/{spec_id}/phases/{phase}/request-changes", {
          params: ofPhase(id, phase),
          body,
          ...by(options),
        }),
      ),
    listEvents: (id, query = {}, options) =>
      answer(
        api().GET("/specs/{spec_id}/events", { params: { ...of(id), query }, ...by(options) }),
      ),
    watchSpec: (id, options) => watchEvents(transport, id, options),
    async exportSpec(id, format, options) {
      const { data, response } = await api(whole).GET("/specs/{spec_id}/export", {
        params: { ...of(id), query: { format } },
        parseAs: "blob",
        ...by(options),
      });
      if (data === undefined) throw unexpectedAnswer(response, "a file");
      const extension = format === "json" ? "json" : "md";
      const disposition = response.headers.get("content-disposition");
      return { blob: data, filename: filenameOf(disposition, `spec-${id}.${extension}`) };
    },
    listProjects: (options) => answer(api().GET("/projects", by(options))),
    getCapabilities: (options) => answer(api().GET("/capabilities", by(options))),
    createQuickTask: (body, options) =>
      answer(api().POST("/quick-tasks", { body, ...by(options) })),
  };
}

interface Answered<T> {
  data?: T;
  response: Response;
}

async function answer<T>(call: Promise<Answered<T>>): Promise<T> {
  const { data, response } = await call.catch((cause: unknown) => {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new ConnectionError("The answer of the server is not whole: it cannot be read as JSON.", {
      cause,
    });
  });
  if (data === undefined) throw unexpectedAnswer(response, "JSON");
  return data;
}
