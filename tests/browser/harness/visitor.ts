import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { patienceMs } from "./eventually";
import type { Server } from "./server";

export interface Problem {
  kind:
    "console" | "exception" | "policy" | "request" | "dialog" | "popup" | "elsewhere" | "canary";
  text: string;
}

export const wide = { width: 1280, height: 800 };
export const phone = { width: 360, height: 740 };

/** What hostile text calls to show that it was run. */
export const canary = "specCanary";

/** A person at a browser of their own, of whom is noted whatever goes wrong. */
export class Visitor {
  readonly problems: Problem[] = [];
  /** Every address that was asked for. */
  readonly requested: string[] = [];
  readonly #expected: RegExp[] = [];

  private constructor(
    readonly page: Page,
    readonly server: Server,
  ) {}

  static async arrive(
    browser: Browser,
    server: Server,
    options: BrowserContextOptions = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({
      viewport: wide,
      locale: "en-GB",
      timezoneId: "UTC",
      reducedMotion: "reduce",
      colorScheme: "light",
      ...options,
    });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    const visitor = new Visitor(page, server);
    await visitor.#watch();
    return visitor;
  }

  async #watch(): Promise<void> {
    const { page } = this;
    const context = page.context();
    const note = (kind: Problem["kind"], text: string) => this.problems.push({ kind, text });
    await context.exposeBinding("specProblem", ({ frame }, kind: Problem["kind"], text: string) =>
      note(kind, `${text} in ${frame.url()}`),
    );
    await context.addInitScript(
      ([name]) => {
        type Told = (kind: string, text: string) => void;
        const tell = (kind: string, text: string) =>
          (window as unknown as { specProblem: Told }).specProblem(kind, text);
        addEventListener("securitypolicyviolation", (event) =>
          tell("policy", `${event.violatedDirective} forbids ${event.blockedURI} ${event.sample}`),
        );
        Object.defineProperty(window, name as string, {
          value: (what: unknown) => tell("canary", String(what)),
        });
      },
      [canary],
    );
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        note("console", `${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => note("exception", error.stack ?? error.message));
    page.on("dialog", (dialog) => {
      note("dialog", dialog.message());
      void dialog.dismiss();
    });
    page.on("popup", (popup) => note("popup", popup.url()));
    context.on("request", (request) => {
      const url = request.url();
      this.requested.push(url);
      const here = url.startsWith(`${this.server.origin}/`) || /^(blob|data):/.test(url);
      if (!here) note("elsewhere", url);
    });
    context.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText ?? "";
      // What a page no longer needs when it is left, such as its stream.
      if (reason !== "net::ERR_ABORTED") note("request", `${reason} ${request.url()}`);
    });
    context.on("response", (response) => {
      if (response.status() >= 400) note("request", `${response.status()} ${response.url()}`);
    });
    page.on("websocket", (socket) => {
      if (!socket.url().startsWith(this.server.origin.replace("http", "ws"))) {
        note("elsewhere", socket.url());
      }
    });
    page.on("framenavigated", (frame) => {
      const url = frame.url();
      if (!url.startsWith(`${this.server.pages}`) && url !== "about:blank") note("elsewhere", url);
    });
  }

  /** Lets problems pass that a test brings about. */
  expectProblems(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  assertNoProblems(): void {
    const unexpected = this.problems.filter(
      ({ text }) => !this.#expected.some((pattern) => pattern.test(text)),
    );
    expect(unexpected, "problems in the browser").toEqual([]);
  }

  /** Opens a path of the pages, such as `/specs`. */
  async open(path = "/"): Promise<Page> {
    await this.page.goto(this.server.pages + path);
    return this.page;
  }

  openSpec(id: string, tab?: string): Promise<Page> {
    return this.open(`/specs/${id}${tab === undefined ? "" : `?tab=${tab}`}`);
  }

  /** The status of the spec on the page. */
  status(name: string): Locator {
    return this.page.locator("main .spec-facts").getByText(name, { exact: true });
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }
}
