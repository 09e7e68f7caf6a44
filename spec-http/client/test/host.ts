import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** How long the program may take to say where it listens. */
const START_MS = 60_000;

const MISSING = `These tests talk to the real server. Build it and say where it is:
  cargo build -p spec-examples --bin serve
  SPEC_SERVE=target/debug/serve npm test --workspace client
(a relative path is taken from the root of the repository)`;

/** A folder of its own with a small git repository, and servers over it, one at a time. */
export class Host {
  readonly #program: string;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #port = 0;
  #log = "";

  constructor() {
    const program = process.env["SPEC_SERVE"];
    if (program === undefined || program === "") throw new Error(MISSING);
    this.#program = resolve(import.meta.dirname, "../../..", program);
    this.#folder = mkdtempSync(join(tmpdir(), "spec-client-"));
    this.#makeRepository();
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}/api/v1`;
  }

  /** Starts the server where it listened before, if it ever did. */
  async start(...options: string[]): Promise<void> {
    const started = spawn(
      this.#program,
      [
        ...["--listen", `127.0.0.1:${this.#port}`],
        ...["--data", join(this.#folder, "data")],
        ...["--out", join(this.#folder, "out")],
        ...["--project", `shop=${join(this.#folder, "shop")}`],
        ...["--quick-tasks", join(this.#folder, "tasks.jsonl")],
        ...options,
      ],
      { cwd: this.#folder, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#process = started;
    this.#log = "";
    started.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#log = (this.#log + text).slice(-10_000);
    });
    this.#port = await listening(started, () => this.#log);
  }

  /** Ends the server without giving it a chance to do anything. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const gone = once(running, "exit");
    running.kill("SIGKILL");
    await gone;
  }

  async remove(): Promise<void> {
    const running = this.#process;
    if (running !== undefined && running.exitCode === null) {
      const gone = once(running, "exit");
      running.kill("SIGTERM");
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #makeRepository(): void {
    const folder = join(this.#folder, "shop");
    mkdirSync(join(folder, "src"), { recursive: true });
    writeFileSync(join(folder, "README.md"), "# Shop\n\nSells things.\n");
    writeFileSync(
      join(folder, "src", "search.py"),
      "def search(words):\n    return [item for item in ITEMS if words in item]\n",
    );
    const git = (...of: string[]) => execFileSync("git", of, { cwd: folder, stdio: "pipe" });
    git("init", "--quiet", "--initial-branch=main");
    git("add", ".");
    const author = ["-c", "user.name=Test", "-c", "user.email=test@example.test"];
    git(...author, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message=Begin");
  }
}

/** The port that the program says it listens on. */
async function listening(started: ChildProcess, log: () => string): Promise<number> {
  const { stdout } = started;
  if (stdout === null) throw new Error("The server has no output.");
  const lines = createInterface({ input: stdout });
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`The server does not say where it listens.\n${log()}`)),
      START_MS,
    );
    const fail = (why: string) => {
      clearTimeout(late);
      reject(new Error(`The server ${why} before it listened.\n${log()}`));
    };
    started.once("error", (error) => fail(`could not be started (${error.message})`));
    started.once("exit", (code, signal) => fail(`ended (${code ?? signal})`));
    // Lines are read to the end, so that the program never waits for its reader.
    lines.on("line", (line) => {
      const port = /^listening on http:\/\/127\.0\.0\.1:(\d+)\//u.exec(line)?.[1];
      if (port === undefined) return;
      clearTimeout(late);
      resolve(Number(port));
    });
  });
}
