import { act, cleanup, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RecentSpecs } from "../src/pages/command/recent-specs";
import { fakeApi, json } from "./api";
import { show } from "./show";

const spec = (status: string) => ({
  id: "1",
  project_id: "shop",
  owner: "local",
  title: "Search",
  status,
  current_phase: "design",
  percent: 40,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  archived_at: null,
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe("recent specs", () => {
  it("are read again until none is being worked on", async () => {
    vi.useFakeTimers();
    let status = "executing";
    const api = fakeApi({ "GET /specs": () => json({ specs: [spec(status)], next: null }) });
    show(<RecentSpecs />, api.fetch);
    const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
    await pass(10);
    expect(screen.getByText("Executing")).toBeTruthy();

    status = "completed";
    await pass(5_000);
    expect(screen.getByText("Completed")).toBeTruthy();
    const asked = api.to("GET /specs").length;
    expect(asked).toBe(2);
    await pass(60_000);
    expect(api.to("GET /specs")).toHaveLength(asked);
  });
});
