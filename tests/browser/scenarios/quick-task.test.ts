import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { temporaryFolder } from "../harness/folder";
import { scenariosOn } from "../harness/scenario";
import { prompt } from "../harness/spec-page";
import type { Visitor } from "../harness/visitor";

const folder = await temporaryFolder();
const file = join(folder.path, "tasks.jsonl");
afterAll(folder.remove);

const scenario = scenariosOn({ args: ["--quick-tasks", file] });

const start = (visitor: Visitor) =>
  visitor.page.getByRole("button", { name: "Start the task", exact: true });
const quick = (visitor: Visitor) =>
  visitor.page.getByRole("radio", { name: "Quick Task", exact: true });

interface Task {
  title: string;
  description: string;
  project_id: string | null;
}

const tasks = async (): Promise<Task[]> =>
  (await readFile(file, "utf8"))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Task);

scenario("a quick task goes to the host, and no spec is made", async (scene) => {
  const visitor = await scene.visit();
  const page = await visitor.open();
  await quick(visitor).check();
  await prompt(page).fill("Correct the spelling of the footer");
  await start(visitor).waitFor();
  await prompt(page).press("Enter");
  await page
    .getByText(/^Task \S+ is on its way/)
    .first()
    .waitFor();
  await expect.poll(() => prompt(page).inputValue()).toBe("");
  expect(await tasks()).toMatchObject([
    {
      title: "Correct the spelling of the footer",
      description: "Correct the spelling of the footer",
      project_id: "shop",
    },
  ]);
  const { specs } = await scene.server.api.call<{ specs: unknown[] }>("GET", "/specs");
  expect(specs).toEqual([]);
});

scenario("the kind of work is remembered, and can be changed back", async (scene) => {
  const visitor = await scene.visit();
  const page = await visitor.open();
  await quick(visitor).check();
  await page.reload();
  await start(visitor).waitFor();
  await page.getByRole("radio", { name: "Spec-Driven", exact: true }).check();
  await prompt(page).fill("Sign in with OAuth");
  await prompt(page).press("Enter");
  await page.waitForURL(/\/specs\/[0-9a-f-]+$/);
});
