import { ConnectionError, problemOf } from "./errors.js";

export interface ClientOptions {
  /** Where the API is mounted, absolute or relative to the page. Default: `/api/v1`. */
  baseUrl?: string;
  /**
   * Bearer token, or a function that is asked for it before each request. What the function throws
   * ends the request; a `ConnectionError` is treated like one of the API itself.
   */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Sends the requests. Default: the global `fetch`. */
  fetch?: typeof fetch;
}

/** Sends requests as the person whose token it has. */
export interface Transport {
  /** The base URL, absolute and without a slash at its end. Throws where there is none. */
  baseUrl(): string;
  /** The answer, if it is a success, with its body still to be read. */
  send(request: Request): Promise<Response>;
}

export function createTransport(options: ClientOptions): Transport {
  const base = options.baseUrl ?? "/api/v1";
  return {
    baseUrl: () => absolute(base),
    async send(request) {
      const token = typeof options.token === "function" ? await options.token() : options.token;
      if (token !== undefined) request.headers.set("Authorization", `Bearer ${token}`);
      const response = await connected(request.signal, () =>
        // Looked up for each request: a page may replace the global one.
        (options.fetch ?? globalThis.fetch)(request),
      );
      if (response.ok) return response;
      throw await problemOf(response, Date.now());
    },
  };
}

/** Does I/O; what fails for any reason but an abort is a failure of the connection. */
export async function connected<T>(signal: AbortSignal, io: () => Promise<T>): Promise<T> {
  try {
    return await io();
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new ConnectionError("The server cannot be reached, or its answer broke off.", { cause });
  }
}

function absolute(base: string): string {
  let url: URL;
  try {
    url = new URL(base, globalThis.location?.href);
  } catch (cause) {
    throw new TypeError(
      `The base URL "${base}" is relative, and there is no page that it is relative to. Give createClient an absolute baseUrl.`,
      { cause },
    );
  }
  return url.href.replace(/\/+$/u, "");
}
