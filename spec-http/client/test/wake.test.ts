// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { browserWake } from "../src/watch/wake.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const setOnline = (online: boolean) => vi.spyOn(navigator, "onLine", "get").mockReturnValue(online);
const setVisible = (state: DocumentVisibilityState) =>
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);

test("a page is asleep without a network, and while nobody looks", () => {
  setOnline(true);
  setVisible("visible");
  expect(browserWake.isAsleep()).toBe(false);
  setOnline(false);
  expect(browserWake.isAsleep()).toBe(true);
  setOnline(true);
  setVisible("hidden");
  expect(browserWake.isAsleep()).toBe(true);
});

test("a page wakes when the network or the reader comes back, until nobody listens", () => {
  const then = vi.fn();
  const stop = browserWake.onWake(then);
  window.dispatchEvent(new Event("online"));
  expect(then).toHaveBeenCalledTimes(1);
  setVisible("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  expect(then).toHaveBeenCalledTimes(1);
  setVisible("visible");
  document.dispatchEvent(new Event("visibilitychange"));
  expect(then).toHaveBeenCalledTimes(2);
  stop();
  window.dispatchEvent(new Event("online"));
  document.dispatchEvent(new Event("visibilitychange"));
  expect(then).toHaveBeenCalledTimes(2);
});
