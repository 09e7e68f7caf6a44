import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import SpecsPage from "../src/pages/specs";
import { fakeApi, json, problem, type Sent } from "./api";
import { show } from "./show";

const spec = (id: string, title: string) => ({
  id,
  project_id: "shop",
  owner: "local",
  title,
  status: "executing",
  current_phase: "design",
  percent: 40,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  archived_at: null,
});

const query = (sent: Sent | undefined) => Object.fromEntries(sent?.query ?? []);

afterEach(cleanup);

describe("the list", () => {
  it("is narrowed by what its address says", async () => {
    const api = fakeApi({ "GET /specs": () => json({ specs: [spec("1", "Search")], next: null }) });
    show(<SpecsPage />, api.fetch, "/specs?project=shop&status=executing&search=sea&archived=true");
    await screen.findByRole("link", { name: "Search" });
    expect(query(api.to("GET /specs")[0])).toMatchObject({
      project_id: "shop",
      status: "executing",
      search: "sea",
      include_archived: "true",
    });
    expect(screen.getByRole<HTMLInputElement>("searchbox").value).toBe("sea");
    expect(screen.getByRole<HTMLInputElement>("checkbox").checked).toBe(true);
  });

  it("is searched when the typing pauses, by way of the address", async () => {
    const api = fakeApi();
    const { visited } = show(<SpecsPage />, api.fetch, "/specs");
    await screen.findByText("No specs yet");
    const field = screen.getByRole("searchbox");
    for (const text of ["s", "se", "sea"]) fireEvent.change(field, { target: { value: text } });
    await screen.findByText("No spec matches");
    expect(visited.at(-1)).toBe("/specs?search=sea");
    expect(api.to("GET /specs").map((sent) => query(sent)["search"])).toEqual([undefined, "sea"]);

    fireEvent.click(screen.getByRole("button", { name: "Clear the filters" }));
    await screen.findByText("No specs yet");
    expect(screen.getByRole<HTMLInputElement>("searchbox").value).toBe("");
  });

  it("goes on where its last page ended", async () => {
    const api = fakeApi({
      "GET /specs": (sent) =>
        sent.query.get("before") === "1"
          ? json({ specs: [spec("2", "Older")], next: null })
          : json({ specs: [spec("1", "Newer")], next: "1" }),
    });
    show(<SpecsPage />, api.fetch, "/specs");
    fireEvent.click(await screen.findByRole("button", { name: "Load more" }));
    await screen.findByRole("link", { name: "Older" });
    expect(screen.getByRole("link", { name: "Newer" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Load more" })).toBeNull();
  });

  it("says what went wrong", async () => {
    const api = fakeApi({ "GET /specs": () => problem(403) });
    show(<SpecsPage />, api.fetch, "/specs");
    const said = await screen.findByText("You may not do that");
    expect(said.closest("[role=alert]")).toBeTruthy();
  });
});

describe("archiving", () => {
  it("asks first, and does nothing when the answer is no", async () => {
    const api = fakeApi({
      "GET /specs": () => json({ specs: [spec("1", "Search")], next: null }),
      "GET /specs/1": () => json({ ...spec("1", "Search"), actions: { archive: true } }),
      "DELETE /specs/1": () => json(spec("1", "Search")),
    });
    show(<SpecsPage />, api.fetch, "/specs");
    fireEvent.click(await screen.findByRole("button", { name: "Archive Search" }));
    const dialog = await screen.findByRole("alertdialog");
    fireEvent.click(within(dialog).getByRole("button", { name: "Keep it" }));
    await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
    expect(api.to("DELETE /specs/1")).toEqual([]);

    fireEvent.click(screen.getByRole("button", { name: "Archive Search" }));
    const again = await screen.findByRole("alertdialog");
    const confirm = within(again).getByRole("button", { name: "Archive" });
    await waitFor(() => expect(confirm.getAttribute("aria-busy")).toBeNull());
    fireEvent.click(confirm);
    await screen.findByText("“Search” is archived.");
    expect(api.to("DELETE /specs/1")).toHaveLength(1);
  });

  it("is not offered where the state of the spec forbids it", async () => {
    const api = fakeApi({
      "GET /specs": () => json({ specs: [spec("1", "Search")], next: null }),
      "GET /specs/1": () => json({ ...spec("1", "Search"), actions: { archive: false } }),
    });
    show(<SpecsPage />, api.fetch, "/specs");
    fireEvent.click(await screen.findByRole("button", { name: "Archive Search" }));
    await screen.findByText("This spec is under way");
    const dialog = screen.getByRole("alertdialog");
    expect(within(dialog).queryByRole("button", { name: "Archive" })).toBeNull();
    expect(within(dialog).getByRole("link").getAttribute("href")).toBe("/specs/1");
  });

  it("is not offered to those who may only look", async () => {
    const ended = { ...spec("1", "Search"), status: "completed" as const };
    const api = fakeApi({
      "GET /specs": () => json({ specs: [ended], next: null }),
      "GET /specs/1": () => json({ ...ended, actions: { archive: false } }),
    });
    show(<SpecsPage />, api.fetch, "/specs");
    fireEvent.click(await screen.findByRole("button", { name: "Archive Search" }));
    await screen.findByText("You may not archive this spec");
    expect(screen.queryByRole("button", { name: "Archive" })).toBeNull();
  });
});
