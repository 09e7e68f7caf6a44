import { eventually } from "./eventually";

/** What the tests read of a spec. */
export interface SpecFacts {
  id: string;
  title: string;
  description: string;
  status: string;
  current_phase: string | null;
  actions: { approve: string | null; retry: string[]; resume: boolean };
  phases: { phase: string; status: string; accepted: { version: number } | null }[];
  failure: { phase: string; kind: string; message: string } | null;
}

export interface EventFacts {
  sequence: number;
  type: string;
  data: Record<string, unknown>;
}

export interface LaunchOptions {
  title?: string;
  description?: string;
  project_id?: string;
  auto_execute?: boolean;
  policy?: Record<string, unknown>;
}

export const everyGate = {
  explore: "approve",
  requirements: "approve",
  design: "approve",
  tasks: "approve",
  sync: "approve",
};

/** The server's API, as another client than the pages. */
export class Api {
  constructor(readonly url: string) {}

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.respond(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  respond(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.url + path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
  }

  async launch({
    title = "Sign in with OAuth",
    description = "Customers sign in with OAuth before they order.",
    ...rest
  }: LaunchOptions = {}): Promise<string> {
    const body = { title, description, ...rest };
    const { spec_id } = await this.call<{ spec_id: string }>("POST", "/specs/launch", body);
    return spec_id;
  }

  spec(id: string): Promise<SpecFacts> {
    return this.call("GET", `/specs/${id}`);
  }

  command(id: string, command: string, body?: unknown): Promise<SpecFacts> {
    return this.call("POST", `/specs/${id}/${command}`, body);
  }

  /** The spec once it is so. */
  until(id: string, what: string, is: (spec: SpecFacts) => boolean): Promise<SpecFacts> {
    return eventually(`spec ${id} is ${what}`, async () => {
      const spec = await this.spec(id);
      return is(spec) && spec;
    });
  }

  untilStatus(id: string, status: string): Promise<SpecFacts> {
    return this.until(id, status, (spec) => spec.status === status);
  }

  /** All events so far, in their order. */
  async events(id: string): Promise<EventFacts[]> {
    const all: EventFacts[] = [];
    for (let after = 0; ;) {
      const { events, next_after } = await this.call<{
        events: EventFacts[];
        next_after: number | null;
      }>("GET", `/specs/${id}/events?after=${after}&limit=1000`);
      all.push(...events);
      if (next_after === null || events.length === 0) return all;
      after = next_after;
    }
  }

  /** Lets the phase pass that waits now. */
  async approve(id: string): Promise<void> {
    const { actions } = await this.until(id, "waiting", (spec) => spec.actions.approve !== null);
    const phase = `/specs/${id}/phases/${actions.approve}`;
    const { artifact } = await this.call<{ artifact: { content_hash: string } }>("GET", phase);
    await this.call("POST", `${phase}/approve`, { content_hash: artifact.content_hash });
  }
}
