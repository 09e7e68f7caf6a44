import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { chromiumProgram, failuresFolder } from "./programs";
import { Server, type ServerOptions } from "./server";
import { Visitor } from "./visitor";

export interface Scene {
  server: Server;
  /** Another person with a browser of their own. */
  visit: (options?: BrowserContextOptions) => Promise<Visitor>;
}

export type Scenario = (
  name: string,
  body: (scene: Scene) => Promise<void>,
  timeoutMs?: number,
) => void;

/** Tests that share a server and a browser. Each leaves no problem that it did not expect. */
export function scenariosOn(options: ServerOptions | (() => Promise<ServerOptions>)): Scenario {
  let browser: Browser;
  let server: Server;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumProgram() });
    server = await Server.start(typeof options === "function" ? await options() : options);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  return (name, body, timeoutMs) =>
    test(
      name,
      async () => {
        const visitors: Visitor[] = [];
        const visit = async (context?: BrowserContextOptions) => {
          const visitor = await Visitor.arrive(browser, server, context);
          visitors.push(visitor);
          return visitor;
        };
        try {
          await body({ server, visit });
          for (const visitor of visitors) visitor.assertNoProblems();
        } catch (error) {
          await keepEvidence(name, visitors, server);
          throw error;
        } finally {
          await Promise.all(visitors.map((visitor) => visitor.leave()));
        }
      },
      timeoutMs,
    );
}

/** Leaves what a person needs who wonders why a test failed. */
async function keepEvidence(
  name: string,
  visitors: readonly Visitor[],
  server: Server,
): Promise<void> {
  const folder = join(failuresFolder, name.replace(/[^a-z0-9]+/gi, "-").slice(0, 100));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "server.log"), server.log);
  for (const [index, { page, problems }] of visitors.entries()) {
    const at = join(folder, `visitor-${index + 1}`);
    await writeFile(`${at}.json`, JSON.stringify({ url: page.url(), problems }, undefined, 2));
    // A page that hangs has neither; the test's own error is what matters then.
    const shown = await Promise.allSettled([
      page.screenshot({ path: `${at}.png`, timeout: 5_000 }),
      page.content().then((content) => writeFile(`${at}.html`, content)),
    ]);
    const missing = shown.flatMap((each) =>
      each.status === "rejected" ? [String(each.reason)] : [],
    );
    if (missing.length > 0) await writeFile(`${at}.txt`, missing.join("\n"));
  }
  console.error(`left in ${folder}`);
}
