import type { Page } from "playwright-core";
import { expect } from "vitest";
import { everyGate } from "../harness/api";
import { expectNoSidewaysScrolling } from "../harness/accessibility";
import { scenariosOn } from "../harness/scenario";
import { dialog, expectStatus, openTab, prompt, step, tabNames } from "../harness/spec-page";
import { phone } from "../harness/visitor";

const scenario = scenariosOn({});

/** How bright the page's ground is: 0 is black, 255 white. */
async function brightness(page: Page): Promise<number> {
  const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return (red + green + blue) / 3;
}

scenario("the theme is the system's until another is chosen, and that is kept", async (scene) => {
  const visitor = await scene.visit({ colorScheme: "dark" });
  const page = await visitor.open();
  await expect.poll(() => brightness(page)).toBeLessThan(60);
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(() => brightness(page)).toBeGreaterThan(200);
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await expect.poll(() => brightness(page)).toBeLessThan(60);
  await page.reload();
  await expect.poll(() => brightness(page)).toBeLessThan(60);
  await page.getByRole("link", { name: "All specs" }).click();
  await page.getByRole("button", { name: "Use the light theme" }).click();
  await expect.poll(() => brightness(page)).toBeGreaterThan(200);
});

scenario("on a phone, an idea is launched and read without scrolling sideways", async (scene) => {
  const visitor = await scene.visit({ viewport: phone, hasTouch: true, isMobile: true });
  const page = await visitor.open();
  await prompt(page).fill("Customers sign in with OAuth.");
  await expectNoSidewaysScrolling(page, "command");
  await page.getByRole("button", { name: "Launch the spec" }).tap();
  await expectStatus(page, "Completed");
  for (const name of tabNames) {
    await openTab(page, name);
    await expectNoSidewaysScrolling(page, name);
  }
  await page.getByRole("link", { name: "All specs" }).tap();
  await page.getByRole("link", { name: "Customers sign in with OAuth." }).waitFor();
  await expectNoSidewaysScrolling(page, "specs");
});

scenario("who wants little motion sees none that goes on", async (scene) => {
  const { api } = scene.server;
  const id = await api.launch({ policy: { gates: everyGate } });
  const visitor = await scene.visit({ reducedMotion: "reduce" });
  const page = await visitor.openSpec(id);
  await step(page, "Explore").waitFor();
  const moving = () =>
    page.evaluate(
      () =>
        document
          .getAnimations()
          .filter(({ effect }) => Number(effect?.getComputedTiming().duration) > 1).length,
    );
  expect(await moving()).toBe(0);
  await page.getByRole("button", { name: "Request changes" }).click();
  await dialog(page).waitFor();
  expect(await moving()).toBe(0);
});

/** What has the focus, as a screen reader names it; and whether one sees that it has. */
async function focused(page: Page): Promise<{ name: string; visible: boolean }> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (!element || element === document.body) return { name: "", visible: false };
    const label =
      element.getAttribute("aria-label") ??
      (element as HTMLInputElement).labels?.[0]?.textContent ??
      element.textContent ??
      "";
    // A field may be drawn by what is around it, and a link may stand for its row.
    const drawn = [element, element.nextElementSibling];
    for (let around = element.parentElement; around && drawn.length < 7;) {
      drawn.push(around);
      around = around.parentElement;
    }
    const styles = drawn
      .filter((each) => each !== null)
      .flatMap((each) => [getComputedStyle(each), getComputedStyle(each, "::after")]);
    const visible = styles.some(
      ({ outlineStyle, outlineWidth, boxShadow }) =>
        (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none",
    );
    return { name: label.trim().replace(/\s+/g, " "), visible };
  });
}

/** Presses Tab until the focus has gone round, and returns what had it. */
async function tabThrough(page: Page): Promise<string[]> {
  const names: string[] = [];
  const hidden: string[] = [];
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press("Tab");
    const { name, visible } = await focused(page);
    if (name === "" || (name === "Skip to content" && names.length > 0)) break;
    names.push(name);
    if (!visible) hidden.push(name);
  }
  expect(hidden, "one does not see that these have the focus").toEqual([]);
  return names;
}

scenario("everything can be reached by keyboard, and one sees where one is", async (scene) => {
  const { api } = scene.server;
  const id = await api.launch({ title: "Vouchers", policy: { gates: everyGate } });
  await api.until(id, "waiting", (spec) => spec.actions.approve !== null);
  const visitor = await scene.visit();

  const page = await visitor.open();
  await page.getByRole("button", { name: "Launch the spec" }).waitFor();
  await page.getByRole("link", { name: "Vouchers" }).waitFor();
  expect(await prompt(page).evaluate((field) => field === document.activeElement)).toBe(true);
  const onCommand = await tabThrough(page);
  for (const name of ["Project: shop", "Launch the spec", "Vouchers", "All specs"]) {
    expect(onCommand).toContain(name);
  }
  expect(onCommand.some((name) => name.startsWith("Options"))).toBe(true);

  await visitor.open("/specs");
  await page.getByRole("link", { name: "Vouchers" }).waitFor();
  const onSpecs = await tabThrough(page);
  for (const name of [
    "Skip to content",
    "New",
    "All specs",
    "Use the dark theme",
    "New spec",
    "Search titles",
    "Project: All projects",
    "Status",
    "Include archived",
    "Vouchers",
    "Archive Vouchers",
  ]) {
    expect(onSpecs).toContain(name);
  }

  await visitor.openSpec(id);
  await page
    .getByText(/waits for your approval/)
    .first()
    .waitFor();
  await openTab(page, "Explore");
  await page.reload();
  await page
    .getByText(/waits for your approval/)
    .first()
    .waitFor();
  const onSpec = await tabThrough(page);
  for (const name of ["Cancel", "Retry from", "Export", "Review", "Request changes", "Approve"]) {
    expect(onSpec).toContain(name);
  }
  expect(onSpec).toContain("Explore");
  expect(onSpec.some((name) => name.startsWith("Events") || name.includes("Drafting"))).toBe(true);
});

scenario("a dialog keeps the focus, and gives it back", async (scene) => {
  const { api } = scene.server;
  const id = await api.launch({ policy: { gates: everyGate } });
  await api.until(id, "waiting", (spec) => spec.actions.approve !== null);
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id);
  const opener = page.getByRole("button", { name: "Request changes" });
  await expect.poll(() => opener.isEnabled()).toBe(true);
  await opener.focus();
  await page.keyboard.press("Enter");
  await dialog(page).waitFor();
  const inside = () => dialog(page).evaluate((popup) => popup.contains(document.activeElement));
  await expect.poll(inside).toBe(true);
  for (let presses = 0; presses < 8; presses += 1) {
    await page.keyboard.press("Tab");
    await expect.poll(inside).toBe(true);
  }
  await page.keyboard.press("Shift+Tab");
  await expect.poll(inside).toBe(true);
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await expect.poll(() => opener.evaluate((each) => each === document.activeElement)).toBe(true);
});

scenario("tabs and menus are worked by the arrow keys", async (scene) => {
  const id = await scene.server.api.launch();
  await scene.server.api.untilStatus(id, "completed");
  const visitor = await scene.visit();
  const page = await visitor.openSpec(id, "explore");
  await openTab(page, "Explore");
  await page.getByRole("tab", { name: "Explore" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByRole("tabpanel", { name: "Requirements" }).waitFor();
  await page.getByRole("button", { name: "Retry from" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Explore" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await dialog(page).getByText("Retry from Requirements?").waitFor();
});
