import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LaunchForm } from "../src/pages/command/launch-form";
import CommandPage from "../src/pages/command";
import { capabilities, fakeApi, json, problem } from "./api";
import { show } from "./show";

const launched = {
  spec_id: "0199",
  status: "executing",
  current_phase: "explore",
  sandbox_id: null,
  message: "",
};

function prompt(): HTMLTextAreaElement {
  return screen.getByRole("textbox");
}

function type(text: string): void {
  fireEvent.change(prompt(), { target: { value: text } });
}

beforeEach(() => localStorage.clear());
afterEach(cleanup);

describe("the prompt", () => {
  it("has the focus, and the question as its name", () => {
    show(<CommandPage />, fakeApi().fetch);
    expect(document.activeElement).toBe(prompt());
    expect(screen.getByLabelText("What do you want to build?")).toBe(prompt());
  });

  it("launches by Enter, as it was typed, and goes to the spec", async () => {
    const api = fakeApi({ "POST /specs/launch": () => json(launched, 201) });
    const { visited } = show(<LaunchForm />, api.fetch);
    await screen.findByRole("combobox", { name: /Project/u });
    const idea = "  Add search\n\nwith filters ";
    type(idea);
    fireEvent.keyDown(prompt(), { key: "Enter" });
    await waitFor(() => expect(visited.at(-1)).toBe("/specs/0199"));
    const [sent] = api.to("POST /specs/launch");
    expect(sent?.body).toMatchObject({
      title: "Add search",
      description: idea,
      project_id: "shop",
    });
    expect(sent?.body).not.toHaveProperty("policy");
    expect(sent?.headers.get("idempotency-key")).toBeTruthy();
  });

  it("does not launch by Shift-Enter, nor while an input method composes", () => {
    const api = fakeApi();
    show(<LaunchForm />, api.fetch);
    type("Add search");
    // True says that nobody prevented the new line, or the choice of a suggestion.
    expect(fireEvent.keyDown(prompt(), { key: "Enter", shiftKey: true })).toBe(true);
    expect(fireEvent.keyDown(prompt(), { key: "Enter", isComposing: true })).toBe(true);
    expect(fireEvent.keyDown(prompt(), { key: "Enter", keyCode: 229 })).toBe(true);
    expect(api.to("POST /specs/launch")).toEqual([]);
  });

  it("says that an empty idea is none", () => {
    const api = fakeApi();
    show(<LaunchForm />, api.fetch);
    type("  \n");
    fireEvent.keyDown(prompt(), { key: "Enter" });
    expect(screen.getByText("Describe what you want to build.")).toBeTruthy();
    expect(prompt().getAttribute("aria-invalid")).toBe("true");
    expect(api.to("POST /specs/launch")).toEqual([]);
  });

  it("launches once, however often Enter is pressed", async () => {
    let answer: (response: Response) => void = () => undefined;
    const held = new Promise<Response>((resolve) => {
      answer = resolve;
    });
    const api = fakeApi({ "POST /specs/launch": () => held });
    const { visited } = show(<LaunchForm />, api.fetch);
    type("Add search");
    for (let presses = 0; presses < 4; presses += 1) fireEvent.keyDown(prompt(), { key: "Enter" });
    await screen.findByText("Launching");
    fireEvent.keyDown(prompt(), { key: "Enter" });
    answer(json(launched, 201));
    await waitFor(() => expect(visited.at(-1)).toBe("/specs/0199"));
    expect(api.to("POST /specs/launch")).toHaveLength(1);
  });
});

describe("a draft", () => {
  it("is there again after a reload, and gone after a launch", async () => {
    const api = fakeApi({ "POST /specs/launch": () => json(launched, 201) });
    const first = show(<LaunchForm />, api.fetch);
    type("Add search");
    first.unmount();

    const { visited } = show(<LaunchForm />, api.fetch);
    expect(prompt().value).toBe("Add search");
    fireEvent.keyDown(prompt(), { key: "Enter" });
    await waitFor(() => expect(visited.at(-1)).toBe("/specs/0199"));
    await waitFor(() => expect(prompt().value).toBe(""));
    cleanup();

    show(<LaunchForm />, api.fetch);
    expect(prompt().value).toBe("");
  });

  it("is kept when the launch fails", async () => {
    const api = fakeApi({ "POST /specs/launch": () => problem(422) });
    show(<LaunchForm />, api.fetch);
    type("Add search");
    fireEvent.keyDown(prompt(), { key: "Enter" });
    await screen.findByText(/It is refused/u);
    expect(prompt().value).toBe("Add search");
    expect(localStorage.getItem("spec.draft")).toBe("Add search");
  });
});

describe("what is wrong", () => {
  it("is said beside its field", async () => {
    const errors = [
      { field: "description", detail: "is too long" },
      { field: "project_id", detail: "is unknown" },
      { field: "policy.agent", detail: "is not offered" },
      { field: "policy.max_attempts", detail: "is too large" },
    ];
    const api = fakeApi({ "POST /specs/launch": () => problem(422, errors) });
    show(<LaunchForm />, api.fetch);
    const picker = await screen.findByRole("combobox", { name: /Project/u });
    type("Add search");
    fireEvent.keyDown(prompt(), { key: "Enter" });

    const said = await screen.findByText("Your idea is too long.");
    const described = (element: Element) =>
      element.getAttribute("aria-describedby")?.split(" ") ?? [];
    expect(described(prompt())).toContain(said.closest("[role=alert]")?.id);
    const ofProject = screen.getByText("The project is unknown.");
    expect(described(picker)).toContain(ofProject.closest("[role=alert]")?.id);
    expect(picker.getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByText("The agent is not offered.")).toBeTruthy();
    expect(screen.getByText(/max_attempts is too large/u)).toBeTruthy();
    expect(document.querySelector("details")?.open).toBe(true);
  });
});

describe("options", () => {
  it("are sent where they differ from the host's", async () => {
    const api = fakeApi({ "POST /specs/launch": () => json(launched, 201) });
    show(<LaunchForm />, api.fetch);
    fireEvent.click(await screen.findByLabelText(/Review requirements and design/u));
    fireEvent.change(screen.getByLabelText("Agent"), { target: { value: "claude" } });
    type("Add search");
    fireEvent.keyDown(prompt(), { key: "Enter" });
    await waitFor(() => expect(api.to("POST /specs/launch")).toHaveLength(1));
    expect(api.to("POST /specs/launch")[0]?.body).toMatchObject({
      policy: {
        agent: "claude",
        gates: { explore: "none", requirements: "approve", design: "approve", sync: "none" },
      },
    });
  });
});

describe("quick tasks", () => {
  it("are not offered where the host has none", async () => {
    show(<LaunchForm />, fakeApi().fetch);
    await screen.findByText("Options");
    expect(screen.queryByRole("radio", { name: "Quick Task" })).toBeNull();
  });

  it("are announced when there is nowhere safe to go", async () => {
    const api = fakeApi({
      "GET /capabilities": () => json({ ...capabilities, quick_tasks: true }),
      "POST /quick-tasks": () => json({ task_id: "T-7", url: "javascript:alert(1)" }, 201),
    });
    show(<LaunchForm />, api.fetch);
    fireEvent.click(await screen.findByRole("radio", { name: "Quick Task" }));
    type("Fix the typo");
    fireEvent.keyDown(prompt(), { key: "Enter" });
    await screen.findByText("Task T-7 is on its way.");
    expect(api.to("POST /quick-tasks")[0]?.body).toMatchObject({ description: "Fix the typo" });
    expect(prompt().value).toBe("");
    expect(localStorage.getItem("spec.mode")).toBe("quick");
  });
});
