import { describe, expect, test } from "vitest";
import { Backoff } from "../src/watch/backoff.js";
import { ManualClock } from "./clocks.js";

function waits(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.next().usual);
}

describe("the wait before a reconnect", () => {
  test("doubles up to half a minute", () => {
    const clock = new ManualClock();
    clock.chance = 1;
    expect(waits(new Backoff(clock), 9)).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  test("stays at half a minute however often it fails", () => {
    const clock = new ManualClock();
    clock.chance = 1;
    expect(waits(new Backoff(clock), 2_000).at(-1)).toBe(30_000);
  });

  test("differs between clients by up to a half", () => {
    const clock = new ManualClock();
    clock.chance = 0;
    expect(waits(new Backoff(clock), 3)).toEqual([250, 500, 1_000]);
  });

  test("is not shorter than the server asks, nor longer than ten minutes for it", () => {
    const clock = new ManualClock();
    clock.chance = 0;
    const backoff = new Backoff(clock);
    expect(backoff.next(5_000)).toEqual({ least: 5_000, usual: 5_000 });
    expect(backoff.next(1e12)).toEqual({ least: 600_000, usual: 600_000 });
    backoff.reconnectAfter(1e12);
    expect(backoff.next().least).toBe(600_000);
  });

  test("differs between clients that are sent away together", () => {
    const clock = new ManualClock();
    clock.chance = 1;
    expect(new Backoff(clock).next(8_000)).toEqual({ least: 8_000, usual: 10_000 });
  });

  test("begins anew after a connection that lasted, and not after one that did not", () => {
    const clock = new ManualClock();
    clock.chance = 1;
    const backoff = new Backoff(clock);
    waits(backoff, 3);
    backoff.opened();
    clock.advance(9_999);
    expect(backoff.next().usual).toBe(4_000);
    backoff.opened();
    clock.advance(10_000);
    expect(backoff.next().usual).toBe(500);
    expect(backoff.next().usual).toBe(1_000);
  });
});
