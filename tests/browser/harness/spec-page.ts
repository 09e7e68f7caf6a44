import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

export const phaseNames = ["Explore", "Requirements", "Design", "Tasks", "Sync"] as const;
export const tabNames = ["Explore", "Requirements", "Design", "Tasks", "Quality", "Usage"] as const;
export type TabName = (typeof tabNames)[number];

export function prompt(page: Page): Locator {
  return page.getByRole("textbox", { name: "What do you want to build?" });
}

export function step(page: Page, phase: string): Locator {
  return page.getByRole("navigation", { name: "Phases" }).getByRole("button", { name: phase });
}

export function action(page: Page, name: string): Locator {
  return page.getByRole("group", { name: "Actions" }).getByRole("button", { name });
}

export function dialog(page: Page): Locator {
  return page.getByRole("alertdialog");
}

export function timeline(page: Page): Locator {
  return page.getByRole("region", { name: "Timeline" });
}

/** Waits for the status in the page's head. */
export async function expectStatus(page: Page, status: string): Promise<void> {
  const badge = page.getByRole("banner").or(page.locator("main header")).getByText(status, {
    exact: true,
  });
  await badge.first().waitFor();
}

/** Shows a tab and waits for what is in it. */
export async function openTab(page: Page, name: TabName): Promise<Locator> {
  await page.getByRole("tab", { name, exact: true }).click();
  const panel = page.getByRole("tabpanel", { name, exact: true });
  await panel.waitFor();
  await expect.poll(() => panel.locator(".loading").count()).toBe(0);
  return panel;
}

/** Marks the page, so that a reload would show. */
export async function markLoad(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.setAttribute("data-test-load", "first"));
}

export async function expectNoReload(page: Page): Promise<void> {
  expect(await page.locator("html").getAttribute("data-test-load"), "reloaded").toBe("first");
}
