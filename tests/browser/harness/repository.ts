import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Files of a small project, by their paths. */
export const shopFiles: Readonly<Record<string, string>> = {
  "README.md": "# Shop\n\nA small shop: customers order books and pay for them.\n",
  "package.json": `{
  "name": "shop",
  "type": "module",
  "scripts": { "test": "node --test" },
  "dependencies": { "express": "^5.0.0" }
}
`,
  "src/server.js": `import express from "express";
import { orders } from "./orders.js";

const app = express();
app.use("/orders", orders);
app.listen(3000);
`,
  "src/orders.js": `import { Router } from "express";

export class Order {
  constructor(customer, books) {
    this.customer = customer;
    this.books = books;
  }
}

export const orders = Router();
orders.get("/", (request, response) => response.json([]));
`,
  "test/orders.test.js": `import test from "node:test";

test("an order has books", () => {});
`,
};

/** A git repository in `folder`, with these files in its only commit. */
export async function makeRepository(
  folder: string,
  files: Readonly<Record<string, string>> = shopFiles,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  const git = (...args: string[]) =>
    run("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1" },
    });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message=The first");
}
