import { afterEach, describe, expect, test, vi } from "vitest";
import {
  ApiProblem,
  configureDefaultClient,
  ConnectionError,
  createClient,
  launchSpec,
} from "../src/index.js";
import { filenameOf } from "../src/filename.js";
import { newIdempotencyKey, sendLaunch } from "../src/launch.js";
import { HastyClock } from "./clocks.js";
import { hangUp, json, problem, scriptedServer, SPEC_ID } from "./scripted-server.js";
import { until } from "./until.js";

const draft = { title: "Search history", description: "Remember what I searched for." };
const launched = {
  spec_id: SPEC_ID,
  status: "created",
  current_phase: null,
  sandbox_id: null,
  message: "Created.",
};

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a call", () => {
  test("is sent to its path with what it says", async () => {
    const server = await scriptedServer(json({ id: SPEC_ID }));
    const client = createClient({ baseUrl: `${server.baseUrl}/` });
    const hash = "a".repeat(64);
    await client.getSpec("a/b");
    await client.listSpecs({ status: "paused", search: "Ä & b", limit: 5 });
    await client.executeSpec(SPEC_ID);
    await client.pauseSpec(SPEC_ID);
    await client.resumeSpec(SPEC_ID);
    await client.cancelSpec(SPEC_ID, { reason: "No need." });
    await client.cancelSpec(SPEC_ID);
    await client.retrySpec(SPEC_ID, { phase: "design", feedback: "Smaller." });
    await client.archiveSpec(SPEC_ID);
    await client.setBudget(SPEC_ID, { budget: { tokens: 7 } });
    await client.getUsage(SPEC_ID);
    await client.getTrace(SPEC_ID);
    await client.getPhase(SPEC_ID, "tasks", { version: 2 });
    await client.getPhase(SPEC_ID, "tasks");
    await client.listVersions(SPEC_ID, "tasks");
    await client.approvePhase(SPEC_ID, "tasks", { content_hash: hash });
    await client.requestChanges(SPEC_ID, "tasks", { content_hash: hash, comment: "Why?" });
    await client.listEvents(SPEC_ID, { after: 3, limit: 9 });
    await client.listProjects();
    await client.getCapabilities();
    await client.createQuickTask(draft);
    const spec = `/specs/${SPEC_ID}`;
    expect(
      server.received.map(({ method, path, body }) =>
        `${method} ${path.replace("/api/v1", "")} ${body}`.trim(),
      ),
    ).toEqual([
      "GET /specs/a%2Fb",
      "GET /specs?status=paused&search=%C3%84%20%26%20b&limit=5",
      `POST ${spec}/execute`,
      `POST ${spec}/pause`,
      `POST ${spec}/resume`,
      `POST ${spec}/cancel {"reason":"No need."}`,
      `POST ${spec}/cancel {}`,
      `POST ${spec}/retry {"phase":"design","feedback":"Smaller."}`,
      `DELETE ${spec}`,
      `PUT ${spec}/budget {"budget":{"tokens":7}}`,
      `GET ${spec}/usage`,
      `GET ${spec}/trace`,
      `GET ${spec}/phases/tasks?version=2`,
      `GET ${spec}/phases/tasks`,
      `GET ${spec}/phases/tasks/versions`,
      `POST ${spec}/phases/tasks/approve {"content_hash":"${hash}"}`,
      `POST ${spec}/phases/tasks/request-changes {"content_hash":"${hash}","comment":"Why?"}`,
      `GET ${spec}/events?after=3&limit=9`,
      "GET /projects",
      "GET /capabilities",
      `POST /quick-tasks ${JSON.stringify(draft)}`,
    ]);
  });

  test("is made with the token of the moment", async () => {
    const server = await scriptedServer(json({ projects: [] }));
    let asked = 0;
    const client = createClient({ ...server, token: () => `secret-${(asked += 1)}` });
    await client.listProjects();
    await client.listProjects();
    await createClient({ ...server, token: () => undefined }).listProjects();
    await createClient({ ...server, token: "fixed" }).listProjects();
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer secret-1",
      "Bearer secret-2",
      undefined,
      "Bearer fixed",
    ]);
  });

  test("tells why there is no token when asking for it fails", async () => {
    const token = () => Promise.reject(new Error("The session is over."));
    const client = createClient({ baseUrl: "http://127.0.0.1:9/", token });
    await expect(client.listProjects()).rejects.toThrow("The session is over.");
  });

  test("that is refused tells the fields, the request and when to come back", async () => {
    const errors = [{ field: "title", detail: "is empty" }, { field: 7 }, null];
    const body = { type: "about:blank", title: "Unprocessable", detail: "Fix it.", errors };
    const headers = { "retry-after": "30", "x-request-id": "r-1" };
    const server = await scriptedServer(json(body, 422, headers));
    const error = await createClient(server)
      .listProjects()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiProblem);
    expect(error).toMatchObject({
      status: 422,
      title: "Unprocessable",
      detail: "Fix it.",
      message: "Fix it.",
      fields: [{ field: "title", detail: "is empty" }],
      retryAfterSeconds: 30,
      requestId: "r-1",
    });
  });

  test("that a proxy refuses is a problem, too", async () => {
    const server = await scriptedServer((response) => {
      const at = new Date(Date.now() + 60_000).toUTCString();
      response.writeHead(502, { "content-type": "text/html", "retry-after": at }).end("<h1>Bad");
    });
    const error = await createClient(server)
      .listProjects()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 502, title: "Bad Gateway", detail: "", fields: [] });
    expect((error as ApiProblem).retryAfterSeconds).toBeGreaterThan(50);
  });

  test("that something else answers names the base URL", async () => {
    const server = await scriptedServer((response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hello");
    });
    const error = createClient(server).listProjects();
    await expect(error).rejects.toThrow(ApiProblem);
    await expect(error).rejects.toThrow("base URL");
  });

  test("that gets no answer, or half of one, is a failed connection", async () => {
    const half = await scriptedServer((response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "99" });
      response.write('{"projects":', () => response.socket?.destroy());
    });
    const broken = await scriptedServer((response) => {
      response.writeHead(200, { "content-type": "application/json" }).end('{"projects":');
    });
    const none = await scriptedServer(hangUp);
    for (const server of [half, broken, none]) {
      await expect(createClient(server).listProjects()).rejects.toThrow(ConnectionError);
    }
  });

  test("that is aborted rejects with the reason, before and while it is under way", async () => {
    const server = await scriptedServer(() => undefined);
    const client = createClient(server);
    const stop = new AbortController();
    const call = client.listProjects({ signal: stop.signal });
    await until(() => server.received.length === 1);
    const reason = new Error("enough");
    stop.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect(client.listProjects({ signal: stop.signal })).rejects.toBe(reason);
    await until(() => server.received[0]?.closed());
  });

  test("has a base URL relative to the page", async () => {
    const urls: string[] = [];
    const fetch = async (request: Request) => {
      urls.push(request.url);
      return Response.json({ projects: [] });
    };
    vi.stubGlobal("location", { href: "https://example.test/shop/specs/" });
    await createClient({ fetch: fetch as typeof globalThis.fetch }).listProjects();
    await createClient({
      baseUrl: "../api/",
      fetch: fetch as typeof globalThis.fetch,
    }).listProjects();
    expect(urls).toEqual([
      "https://example.test/api/v1/projects",
      "https://example.test/shop/api/projects",
    ]);
  });

  test("without a page asks for an absolute base URL", async () => {
    await expect(async () => createClient().listProjects()).rejects.toThrow("absolute baseUrl");
  });
});

describe("a launch", () => {
  test("has a key of its own unless one is given", async () => {
    const server = await scriptedServer(json(launched, 201));
    const client = createClient(server);
    await client.launchSpec(draft);
    await client.launchSpec(draft);
    await client.launchSpec(draft, { idempotencyKey: "mine" });
    const keys = server.received.map(({ headers }) => headers["idempotency-key"]);
    expect(new Set(keys).size).toBe(3);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/u);
    expect(keys[2]).toBe("mine");
  });

  test("is sent again with the same key when the connection fails", async () => {
    const server = await scriptedServer(hangUp, problem(503), json(launched, 201));
    expect(await createClient(server).launchSpec(draft)).toEqual(launched);
    const keys = server.received.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  test("is not sent again when it was refused", async () => {
    for (const status of [400, 401, 409, 422, 429, 500]) {
      const server = await scriptedServer(problem(status));
      await expect(createClient(server).launchSpec(draft)).rejects.toMatchObject({ status });
      expect(server.received).toHaveLength(1);
    }
  });

  test("is given up after four times", async () => {
    const clock = new HastyClock();
    const send = vi.fn(() => Promise.reject(new ConnectionError("gone")));
    await expect(sendLaunch(send, clock)).rejects.toThrow("gone");
    expect(send).toHaveBeenCalledTimes(4);
    expect(clock.waits).toEqual([375, 750, 1500]);
  });

  test("does not wait longer than a person would", async () => {
    const full = new ApiProblem({ status: 503, title: "", detail: "", retryAfterSeconds: 60 });
    const send = vi.fn(() => Promise.reject(full));
    await expect(sendLaunch(send, new HastyClock())).rejects.toBe(full);
    expect(send).toHaveBeenCalledTimes(1);
  });

  test("can be aborted while it waits to be sent again", async () => {
    const server = await scriptedServer(problem(503, { "retry-after": "9" }));
    const stop = new AbortController();
    const launch = createClient(server).launchSpec(draft, { signal: stop.signal });
    await until(() => server.received.length === 1);
    stop.abort(new Error("enough"));
    await expect(launch).rejects.toThrow("enough");
  });

  test("goes to the default client once that knows where the API is", async () => {
    const server = await scriptedServer(json(launched, 201));
    configureDefaultClient(server);
    expect(await launchSpec(draft)).toEqual(launched);
    expect(JSON.parse(server.received[0]?.body ?? "")).toEqual(draft);
  });

  test("has a key on pages that are served in plain HTTP", () => {
    const { getRandomValues } = crypto;
    vi.stubGlobal("crypto", { getRandomValues: getRandomValues.bind(crypto) });
    expect(newIdempotencyKey()).toMatch(/^[0-9a-f]{32}$/u);
    expect(newIdempotencyKey()).not.toBe(newIdempotencyKey());
  });
});

describe("an export", () => {
  test("is a file with the name that the server gave it", async () => {
    const server = await scriptedServer((response) => {
      response
        .writeHead(200, {
          "content-type": "text/markdown; charset=utf-8",
          "content-disposition": 'attachment; filename="search-history.md"',
        })
        .end("# Search history\n");
    });
    const { blob, filename } = await createClient(server).exportSpec(SPEC_ID, "markdown");
    expect(filename).toBe("search-history.md");
    expect(await blob.text()).toBe("# Search history\n");
    expect(server.received[0]?.path).toBe(`/api/v1/specs/${SPEC_ID}/export?format=markdown`);
  });

  test.each([
    [null, "otherwise"],
    ["attachment", "otherwise"],
    ["attachment; filename=plain.md", "plain.md"],
    ['attachment; filename="a \\"b\\".md"', 'a "b".md'],
    ["attachment; filename=a.md; filename*=UTF-8''F%C3%BC%C3%9Fe.md", "Füße.md"],
    ["attachment; filename=a.md; filename*=UTF-8''%FF", "a.md"],
    ['attachment; filename="../../etc/passwd"', "passwd"],
    ['attachment; filename="C:\\\\temp\\\\x.md"', "x.md"],
    ['attachment; filename=".."', "otherwise"],
  ])("that is called %s is saved as %s", (disposition, name) => {
    expect(filenameOf(disposition, "otherwise")).toBe(name);
  });
});
