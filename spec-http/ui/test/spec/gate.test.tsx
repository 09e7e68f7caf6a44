import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { GateBar } from "../../src/pages/spec/gate/gate-bar";
import { fakeApi, json, problem } from "../api";
import { show } from "../show";
import { hash, phaseResult, spec } from "./fixture";

afterEach(cleanup);

const PHASE = "/specs/0199/phases/design";
const APPROVE = `POST ${PHASE}/approve`;
const REQUEST = `POST ${PHASE}/request-changes`;
const warning = {
  rule: "text.vague",
  severity: "warning",
  message: "vague",
  pointer: "/components/0",
  fix: "",
} as const;

function gate(answers: Parameters<typeof fakeApi>[0] = {}, version = 1) {
  let latest = phaseResult("design", 1, hash("a"), [warning]);
  const api = fakeApi({
    "GET /specs/0199": () => json(spec()),
    [`GET ${PHASE}`]: () => json(latest),
    ...answers,
  });
  const onReview = vi.fn();
  show(
    <GateBar id="0199" phase="design" version={version} canRequestChanges onReview={onReview} />,
    api.fetch,
  );
  return {
    api,
    onReview,
    replace: () => {
      latest = phaseResult("design", 2, hash("b"));
    },
  };
}

const button = (name: string | RegExp) => screen.findByRole("button", { name });

async function press(name: string | RegExp) {
  fireEvent.click(await button(name));
}

async function loaded() {
  await screen.findByText(/Design version 1 waits/u);
}

describe("the gate", () => {
  it("says what waits and with how many warnings", async () => {
    const { onReview } = gate();
    await loaded();
    expect(screen.getByText(/1 warning to look at/u)).toBeTruthy();
    await press("Review");
    expect(onReview).toHaveBeenCalledWith("design", 1);
  });

  it("approves exactly the version that is on the screen, once", async () => {
    const { api } = gate({ [APPROVE]: () => json(spec()) });
    await loaded();
    const approve = await button("Approve");
    fireEvent.click(approve);
    fireEvent.click(approve);
    await waitFor(() => expect(api.to(APPROVE)).toHaveLength(1));
    expect(api.to(APPROVE)[0]?.body).toEqual({ content_hash: hash("a") });
  });

  it("shows the newer version after a 412, and approves that only when asked again", async () => {
    const { api, replace, onReview } = gate({
      [APPROVE]: ({ body }) =>
        (body as { content_hash: string }).content_hash === hash("b") ? json(spec()) : problem(412),
    });
    await loaded();
    replace();
    await press("Approve");
    await screen.findByText(/A newer version exists: version 2/u);
    expect((await button("Approve")).hasAttribute("disabled")).toBe(true);
    await press("Show version 2");
    expect(onReview).toHaveBeenLastCalledWith("design", 2);
    await screen.findByText(/Design version 2 waits/u);
    expect(api.to(APPROVE)).toHaveLength(1);
    await press("Approve");
    await waitFor(() => expect(api.to(APPROVE)).toHaveLength(2));
    expect(api.to(APPROVE)[1]?.body).toEqual({ content_hash: hash("b") });
  });

  it("keeps what was typed when a newer version comes in between", async () => {
    const { api, replace } = gate({ [REQUEST]: () => problem(412) });
    await loaded();
    await press("Request changes");
    const dialog = await screen.findByRole("alertdialog");
    const comment = await screen.findByRole("textbox");
    const send = [...dialog.querySelectorAll("button")].find(({ type }) => type === "submit")!;
    expect(send.disabled).toBe(true);
    fireEvent.change(comment, { target: { value: "Use the table that exists." } });
    replace();
    fireEvent.click(send);
    await waitFor(() =>
      expect(dialog.textContent).toContain(
        "A newer version exists: version 2. Your comment is kept.",
      ),
    );
    expect((comment as HTMLTextAreaElement).value).toBe("Use the table that exists.");
    expect(api.to(REQUEST)[0]?.body).toEqual({
      content_hash: hash("a"),
      comment: "Use the table that exists.",
    });
  });

  it("waits for what was asked for, and takes the next version as it comes", async () => {
    const { replace } = gate({
      [REQUEST]: () => {
        replace();
        return json(spec());
      },
    });
    await loaded();
    await press("Request changes");
    const dialog = await screen.findByRole("alertdialog");
    const comment = await screen.findByRole("textbox");
    fireEvent.change(comment, { target: { value: "Use the table that exists." } });
    const send = [...dialog.querySelectorAll("button")].find(({ type }) => type === "submit")!;
    fireEvent.click(send);
    await screen.findByText(/Design version 2 waits/u);
    expect(screen.queryByText(/A newer version exists/u)).toBeNull();
  });

  it("does not take what is in the cache for what waits", async () => {
    gate({}, 2);
    await screen.findByText(/^Design waits/u);
    expect(((await button("Approve")) as HTMLButtonElement).disabled).toBe(true);
  });

  it("says what else went wrong", async () => {
    gate({ [APPROVE]: () => problem(409) });
    await loaded();
    await press("Approve");
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("It is refused.");
    expect(alert.textContent).toContain("how things stand");
  });
});
