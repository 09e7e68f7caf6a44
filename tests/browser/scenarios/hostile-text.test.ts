import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { hostileOutputs } from "../corpus/hostile-outputs";
import { diagrams, endlessDiagram, linePayloads, payloads } from "../corpus/payloads";
import { expectNoSidewaysScrolling } from "../harness/accessibility";
import { everyGate } from "../harness/api";
import { temporaryFolder } from "../harness/folder";
import { makeRepository, shopFiles } from "../harness/repository";
import { scenariosOn, type Scene } from "../harness/scenario";
import { offlineOutputs, ScriptedAgent } from "../harness/scripted-agent";
import { expectStatus, openTab, tabNames, timeline } from "../harness/spec-page";
import { phone, type Visitor, wide } from "../harness/visitor";

const project = "<b>shop {{7*7}} <img src onerror> \u202ekcab";
const files = {
  ...shopFiles,
  "src/<img src=x onerror=specCanary('file')>.js":
    "export class Order { /* <script>specCanary('excerpt')</script> customers sign in */ }\n",
  "src/\u202esj.txt \u200b.js": "export class Customer {} // \u202e customers sign in\n",
  "src/'quoted' \"twice\" & ${run}.js": "export const customers = []; // sign in\n",
};
const folder = await temporaryFolder();
const sample = join(folder.path, "sample");
await makeRepository(sample, files);
const outputs = await offlineOutputs(sample, "Customers sign in with OAuth before they order.");
const agent = await ScriptedAgent.make(join(folder.path, "agent"), outputs);
afterAll(folder.remove);

const scenario = scenariosOn({
  projects: { [project]: files },
  args: ["--agent", `command:${agent.path}`],
});

const policy = { max_attempts: 1, max_repairs: 0 };
const text = payloads.join("\n");

/** Nothing of the text has become a part of the page that does something. */
async function expectOnlyText(visitor: Visitor, state: string): Promise<void> {
  const suspicious = await visitor.page.evaluate(() => {
    const found: string[] = [];
    const forbidden =
      "script, object, embed, base, link, meta, style, img, video, audio, source, form[action], " +
      "animate, set, use, foreignObject, math, template";
    for (const element of document.body.querySelectorAll("*")) {
      if (element.matches(forbidden)) found.push(element.outerHTML.slice(0, 200));
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on") || name === "srcdoc") found.push(`${name}=${value}`);
      }
      if (element instanceof HTMLAnchorElement && !/^https?:$/.test(element.protocol)) {
        found.push(element.href);
      }
      if (element instanceof HTMLAnchorElement && (element.username || element.password)) {
        found.push(element.href);
      }
      const isOther = element instanceof HTMLAnchorElement && element.origin !== location.origin;
      if (isOther && !element.rel.includes("noopener")) found.push(element.outerHTML);
      if (element instanceof HTMLIFrameElement && element.sandbox.value !== "allow-scripts") {
        found.push(element.outerHTML);
      }
    }
    return found;
  });
  expect(suspicious, state).toEqual([]);
  visitor.assertNoProblems();
}

async function expectHarmless(visitor: Visitor, state: string): Promise<void> {
  const { page } = visitor;
  for (const viewport of [phone, wide]) {
    await page.setViewportSize(viewport);
    await expectNoSidewaysScrolling(page, `${state} at ${viewport.width}`);
  }
  await expectOnlyText(visitor, state);
}

/** Opens whatever is folded in the tab that is shown. */
async function unfold(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("main details")) {
      (details as HTMLDetailsElement).open = true;
    }
  });
}

async function launch({ server: { api } }: Scene, title = linePayloads[0]): Promise<string> {
  return api.launch({ title: title ?? "", description: text, project_id: project, policy });
}

for (const round of [0, 1, 2]) {
  scenario(`what an agent hands over stays text, round ${round + 1}`, async (scene) => {
    const hostile = hostileOutputs(outputs, round);
    expect(hostile.fields.size).toBeGreaterThan(30);
    await agent.handsOver(hostile.outputs);
    for (const phase of ["explore", "design"] as const) {
      await agent.says(phase, [
        ...payloads.map((each) => ({ type: "progress", text: each, kind: "message" })),
        ...payloads.map((each) => ({ type: "progress", text: each, kind: "warning" })),
        ...linePayloads,
        { type: "started", version: linePayloads[round], model: linePayloads[round + 6] },
        { type: "error", text },
      ]);
    }
    const id = await launch(
      scene,
      linePayloads
        .slice(round * 6, round * 6 + 6)
        .join(" ")
        .slice(0, 500),
    );
    const { failure } = await scene.server.api.until(id, "ended", ({ status }) =>
      ["completed", "failed"].includes(status),
    );
    expect(failure, "the output was refused").toBe(null);

    const visitor = await scene.visit();
    const page = await visitor.openSpec(id);
    await expectStatus(page, "Completed");
    await expectHarmless(visitor, "the head");
    for (const name of tabNames) {
      await openTab(page, name);
      await unfold(page);
      await expectHarmless(visitor, name);
    }
    const log = timeline(page).getByRole("log", { name: "Events" });
    await log.evaluate((element) => element.scrollTo({ top: 0 }));
    await log.getByText("Spec created").waitFor();
    await expectHarmless(visitor, "the timeline");
    for (const path of ["/", "/specs"]) {
      await visitor.open(path);
      await page
        .getByRole("link", { name: /script/ })
        .first()
        .waitFor();
      await expectHarmless(visitor, path);
    }
  });
}

scenario("a diagram is drawn and does nothing else", async (scene) => {
  const visitor = await scene.visit();
  // What a diagram wants to run or to load is forbidden in its frame, which is told.
  visitor.expectProblems(/ forbids .* in .*\/diagram\.html$/, /Content Security Policy/);
  const design = outputs.design as Record<string, unknown>;
  const overview = diagrams.map((diagram) => `\`\`\`mermaid\n${diagram}\n\`\`\``).join("\n\n");
  await agent.handsOver({
    ...outputs,
    design: { ...design, architecture_overview: overview, architecture_diagram: endlessDiagram },
  });
  const id = await launch(scene, "Diagrams");
  await scene.server.api.untilStatus(id, "completed");
  const page = await visitor.openSpec(id, "design");
  await openTab(page, "Design");
  const shown = page.locator("figure.diagram");
  await expect.poll(() => shown.count()).toBe(diagrams.length + 1);
  for (let index = 0; index < diagrams.length + 1; index += 1) {
    const figure = shown.nth(index);
    await figure.scrollIntoViewIfNeeded();
    const done = figure.locator("iframe[data-state=drawn], .diagram-failed");
    await done.first().waitFor({ timeout: 40_000 });
    const handle = await figure
      .locator("iframe")
      .elementHandle({ timeout: 1_000 })
      .catch(() => null);
    const frame = await handle?.contentFrame();
    if (!frame) continue;
    const suspicious = await frame.evaluate(() =>
      [...document.body.querySelectorAll("*")].flatMap((element) => {
        const names = element.getAttributeNames().filter((name) => name.startsWith("on"));
        const leads = element.getAttribute("href") ?? element.getAttribute("xlink:href") ?? "";
        const bad =
          /^\s*(javascript|data|vbscript):/i.test(leads) || element.matches("iframe, img");
        return names.length > 0 || bad ? [element.outerHTML.slice(0, 300)] : [];
      }),
    );
    expect(suspicious, diagrams[index]).toEqual([]);
    for (const node of await frame.locator("g.node, text, a").all()) {
      await node.dispatchEvent("click");
    }
  }
  await expectNoSidewaysScrolling(page, "diagrams");
  for (const name of tabNames) await openTab(page, name);
});

scenario("what people write stays text", async (scene) => {
  const { api } = scene.server;
  await agent.handsOver(outputs);
  const title = linePayloads.slice(0, 4).join(" ");
  const body = { title, description: text, project_id: project };
  const id = await api.launch({ ...body, policy: { ...policy, gates: everyGate } });
  await api.until(id, "waiting", (spec) => spec.actions.approve !== null);
  const path = `/specs/${id}/phases/explore`;
  const { artifact } = await api.call<{ artifact: { content_hash: string } }>("GET", path);
  const { content_hash } = artifact;
  await api.call("POST", `${path}/request-changes`, {
    content_hash,
    comment: text.slice(0, 10_000),
  });
  await api.until(id, "waiting", (spec) => spec.actions.approve !== null);
  await api.command(id, "retry", { phase: "explore", feedback: text.slice(0, 10_000) });
  await api.until(id, "waiting", (spec) => spec.actions.approve !== null);
  await api.command(id, "cancel", { reason: text.slice(0, 1_000) });
  await api.untilStatus(id, "cancelled");

  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await expectStatus(page, "Cancelled");
  const more = page.getByRole("button", { name: "More", exact: true });
  while ((await more.count()) > 0) await more.first().click();
  await page.getByRole("button", { name: "Show the whole idea" }).click();
  await expectHarmless(visitor, "what people wrote");
  await expect.poll(() => page.title()).toContain("<script>");
});

scenario("a failure's words stay text", async (scene) => {
  await agent.handsOver(outputs);
  await agent.fails("explore", text);
  const id = await launch(scene, "Failure");
  await scene.server.api.untilStatus(id, "failed");
  await agent.succeeds("explore");
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  await page.getByRole("region", { name: /^Explore failed/ }).waitFor();
  await expectHarmless(visitor, "a failure");
});

scenario("texts of any length leave the page usable", async (scene) => {
  const explore = outputs.explore as Record<string, unknown>;
  const long = "W".repeat(1_000_000);
  await agent.handsOver({
    ...outputs,
    explore: { ...explore, codebase_summary: long, notes: "<script>".repeat(30_000) },
  });
  const id = await scene.server.api.launch({
    title: "T".repeat(500),
    description: "D".repeat(50_000),
    project_id: project,
    policy,
  });
  await scene.server.api.untilStatus(id, "completed");
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id, "explore");
  await expectStatus(page, "Completed");
  await openTab(page, "Explore");
  await page
    .getByRole("button", { name: /^Show more/ })
    .first()
    .click();
  await expectHarmless(visitor, "long texts");
  for (const name of tabNames) await openTab(page, name);
  await visitor.open("/specs");
  await page.getByRole("link", { name: /^T+$/ }).waitFor();
  await expectHarmless(visitor, "a long title in the list");
});

scenario("what hostile text would do is noticed", async (scene) => {
  const visitor = await scene.visit();
  const page = await visitor.open();
  await page.evaluate(async () => {
    document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=specCanary('told')>");
    (window as unknown as { specCanary: (what: string) => void }).specCanary("called");
    alert("said");
    await fetch("https://elsewhere.invalid/").catch(() => undefined);
  });
  await expect
    .poll(() => new Set(visitor.problems.map(({ kind }) => kind)))
    .toEqual(new Set(["policy", "console", "canary", "dialog", "request"]));
  visitor.expectProblems(/./);
});
