import { vi } from "vitest";

export interface Sent {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: unknown;
}

type Answer = (sent: Sent) => Response | Promise<Response>;

export function json(body: unknown, status = 200): Response {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(body), { status, headers: { "content-type": type } });
}

export function problem(
  status: number,
  errors: { field: string; detail: string }[] = [],
): Response {
  return json(
    { type: "about:blank", title: "Refused", status, detail: "It is refused.", errors },
    status,
  );
}

const gates = {
  explore: "none",
  requirements: "none",
  design: "none",
  tasks: "none",
  sync: "none",
};

export const capabilities = {
  quick_tasks: false,
  agents: ["offline", "claude"],
  default_agent: "offline",
  default_policy: { gates },
  user: "local",
};

const usual: Record<string, Answer> = {
  "GET /capabilities": () => json(capabilities),
  "GET /projects": () =>
    json({
      projects: [
        { id: "shop", name: "Shop" },
        { id: "site", name: "Site" },
      ],
      default_project_id: "shop",
    }),
  "GET /specs": () => json({ specs: [], next: null }),
};

/** A `fetch` that answers as the API would, and notes what it was sent. */
export function fakeApi(answers: Record<string, Answer> = {}) {
  const sent: Sent[] = [];
  const all = { ...usual, ...answers };
  const fetch = vi.fn(async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(
      new URL(input instanceof Request ? input.url : input, "http://host"),
      init ?? (input instanceof Request ? input : undefined),
    );
    const text = await request.text();
    const one: Sent = {
      method: request.method,
      path: new URL(request.url).pathname.replace(/^.*\/api\/v1/u, ""),
      query: new URL(request.url).searchParams,
      headers: request.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    sent.push(one);
    const answer = all[`${one.method} ${one.path}`];
    return answer ? answer(one) : problem(404);
  });
  return {
    fetch: fetch as typeof globalThis.fetch,
    sent,
    to: (route: string) => sent.filter(({ method, path }) => `${method} ${path}` === route),
  };
}
