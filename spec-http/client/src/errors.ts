import type { Problem } from "./types.js";

/** A field of a request that the server refused, and why. */
export interface FieldProblem {
  field: string;
  detail: string;
}

interface ProblemParts {
  status: number;
  title: string;
  detail: string;
  fields?: FieldProblem[] | undefined;
  retryAfterSeconds?: number | undefined;
  requestId?: string | undefined;
}

/** The server answered, and the answer was not what was asked for. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  /** HTTP status. */
  readonly status: number;
  /** The status in words. */
  readonly title: string;
  /** What happened and what to do, for a person. */
  readonly detail: string;
  /** The fields of the request that are wrong; empty where it is not about fields. */
  readonly fields: FieldProblem[];
  /** The server asks not to be called again before. */
  readonly retryAfterSeconds?: number;
  /** Names the request in the logs of the server. */
  readonly requestId?: string;

  constructor(parts: ProblemParts) {
    super(parts.detail || parts.title);
    this.status = parts.status;
    this.title = parts.title;
    this.detail = parts.detail;
    this.fields = parts.fields ?? [];
    if (parts.retryAfterSeconds !== undefined) this.retryAfterSeconds = parts.retryAfterSeconds;
    if (parts.requestId !== undefined) this.requestId = parts.requestId;
  }
}

/** No answer came, or it broke off: the network, a proxy or the server is down. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** A stream keeps telling what cannot be: events are missing from it, or are none. */
export class UnreadableStreamError extends Error {
  override readonly name = "UnreadableStreamError";
}

/** Longest body of a refusal that is read, in characters. */
const MAX_PROBLEM_CHARS = 65_536;

/** What a refusal says, whoever wrote it: the server, or a proxy before it. */
export async function problemOf(response: Response, now: number): Promise<ApiProblem> {
  const said = readProblem(await response.text().catch(() => ""));
  return new ApiProblem({
    status: response.status,
    title: text(said.title) ?? (response.statusText || `The server answered ${response.status}`),
    detail: text(said.detail) ?? "",
    fields: fieldsOf(said.errors),
    retryAfterSeconds: retryAfterSeconds(response.headers.get("retry-after"), now),
    requestId: text(said.request_id) ?? response.headers.get("x-request-id") ?? undefined,
  });
}

/** An answer of something that is not this API. */
export function unexpectedAnswer(response: Response, expected: string): ApiProblem {
  const type = response.headers.get("content-type") ?? "no type";
  return new ApiProblem({
    status: response.status,
    title: "Unexpected answer",
    detail: `The server answered ${type} instead of ${expected}. Check the base URL of the client.`,
  });
}

/** Seconds that `Retry-After` asks to wait, written as a number or as a date. */
export function retryAfterSeconds(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const value = header.trim();
  if (/^\d{1,9}$/u.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}

function readProblem(body: string): { [K in keyof Problem]?: unknown } {
  if (body.length > MAX_PROBLEM_CHARS) return {};
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function fieldsOf(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: Partial<FieldProblem> | null) => {
    const field = text(each?.field);
    const detail = text(each?.detail);
    return field === undefined || detail === undefined ? [] : [{ field, detail }];
  });
}
