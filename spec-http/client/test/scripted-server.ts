import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
  /** True once the connection of the request is gone. */
  closed: () => boolean;
}

export type Scene = (response: ServerResponse, received: Received) => void;

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

/** A server on a real socket that plays one scene per request, and the last one again and again. */
export async function scriptedServer(...scenes: Scene[]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one: Received = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
      closed: () => response.destroyed || request.socket.destroyed,
    };
    received.push(one);
    const scene = scenes[Math.min(received.length, scenes.length) - 1];
    if (scene === undefined) throw new Error("The server has no script.");
    scene(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  open.push(close);
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}/api/v1`, received, close };
}

/** Answers with JSON. */
export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Scene =>
  (response) => {
    const type = status < 400 ? "application/json" : "application/problem+json";
    response.writeHead(status, { "content-type": type, ...headers }).end(JSON.stringify(body));
  };

export const problem = (status: number, headers: Record<string, string> = {}): Scene =>
  json({ type: "about:blank", title: "Refused", status, detail: "Try less." }, status, headers);

/** Hangs up without an answer. */
export const hangUp: Scene = (response) => {
  response.socket?.destroy();
};

/** Tells `pieces` of an event stream, and then ends it, breaks it off or keeps it open. */
export const stream =
  (pieces: string[], then: "close" | "cut" | "keep" = "close"): Scene =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": open\n\n");
    for (const piece of pieces) response.write(piece);
    if (then === "close") response.end();
    // What was written has to be on its way first.
    if (then === "cut") response.write("id: 99\nda", () => response.socket?.resetAndDestroy());
  };

export const SPEC_ID = "01932b5e-7c00-7000-8000-000000000001";

export function eventOf(sequence: number, type = "spec.execution_started", data: unknown = {}) {
  return {
    spec_id: SPEC_ID,
    sequence,
    at: "2026-03-01T09:00:00.000000Z",
    revision: sequence,
    type,
    data,
  };
}

export function frame(sequence: number, type?: string): string {
  const event = eventOf(sequence, type);
  return `id: ${sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

export const end = (last: number) =>
  `event: end\ndata: ${JSON.stringify({ spec_id: SPEC_ID, last_event_id: last })}\n\n`;
