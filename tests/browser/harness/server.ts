import { type ChildProcess, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Api } from "./api";
import { temporaryFolder } from "./folder";
import { serveProgram } from "./programs";
import { makeRepository, shopFiles } from "./repository";

export interface ServerOptions {
  /** Projects by their ids, which are their names too, with the files of their repositories. */
  projects?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The path that everything is below, such as `/tools`. */
  prefix?: string;
  /** Milliseconds that the offline agent waits after each line of progress. */
  slowMs?: number;
  /** Further arguments. */
  args?: readonly string[];
  /** It is going to be started again at the same address. */
  restarts?: boolean;
}

const startWithinMs = 30_000;
const stopWithinMs = 10_000;
const longestLog = 4_000_000;

/** The real server, with a data folder and repositories of its own. */
export class Server {
  #process: ChildProcess | undefined;
  #log = "";
  #origin = "";

  private constructor(
    readonly folder: string,
    private readonly remove: () => Promise<void>,
    private readonly options: ServerOptions,
    private readonly port: number,
  ) {}

  static async start(options: ServerOptions = {}): Promise<Server> {
    const { path, remove } = await temporaryFolder();
    try {
      const projects = options.projects ?? { shop: shopFiles };
      for (const [id, files] of Object.entries(projects)) {
        await makeRepository(join(path, "projects", id), files);
      }
      await mkdir(join(path, "data"));
      const port = options.restarts ? await lastingPort() : 0;
      const server = new Server(path, remove, { ...options, projects }, port);
      await server.begin();
      return server;
    } catch (error) {
      await remove();
      throw error;
    }
  }

  /** Where it is: `http://127.0.0.1:PORT`. */
  get origin(): string {
    return this.#origin;
  }

  /** Where its pages are, without a slash at the end. */
  get pages(): string {
    return this.#origin + (this.options.prefix ?? "");
  }

  get api(): Api {
    return new Api(`${this.pages}/api/v1`);
  }

  get log(): string {
    return this.#log;
  }

  /** Ends it as a power failure would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    await end(child, "SIGKILL");
  }

  /** Starts it again at the same address, with the same data. */
  async begin(): Promise<void> {
    const { projects = {}, prefix, slowMs, args = [] } = this.options;
    const child = spawn(
      serveProgram(),
      [
        ["--listen", `127.0.0.1:${this.port}`],
        ["--data", join(this.folder, "data")],
        ["--out", join(this.folder, "out")],
        Object.keys(projects).flatMap((id) => [
          "--project",
          `${id}=${join(this.folder, "projects", id)}`,
        ]),
        prefix === undefined ? [] : ["--prefix", prefix],
        slowMs === undefined ? [] : ["--slow-ms", String(slowMs)],
        args,
      ].flat(),
      { cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#process = child;
    const listening = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the server did not start:\n${this.#log}`)),
        startWithinMs,
      );
      const hear = (chunk: Buffer) => {
        if (this.#log.length < longestLog) this.#log += chunk.toString();
        const [, origin] = /open (http:\/\/[^/\s]+)\S*\n/.exec(this.#sinceStart()) ?? [];
        if (origin === undefined) return;
        clearTimeout(timer);
        resolve(origin);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`the server ended (${code ?? signal}):\n${this.#log}`));
      });
    });
    this.#log += "== start\n";
    this.#origin = await listening;
  }

  /** Ends it, and everything it has made. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    await end(child, "SIGTERM");
    await this.remove();
  }

  #sinceStart(): string {
    return this.#log.slice(this.#log.lastIndexOf("== start\n"));
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
  await ended;
  clearTimeout(timer);
}

/**
 * A free port below those that the system gives to connections: while the server is down, the browser
 * that tries to reach it must not be given its port.
 */
async function lastingPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
