import type { Spec } from "@spec/client";
import { act, cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Gate } from "../../src/pages/spec/gate/gate";
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

function gate(answers: Parameters<typeof fakeApi>[0] = {}) {
  let latest = phaseResult("design", 1, hash("a"), [warning]);
  const api = fakeApi({
    "GET /specs/0199": () => json(spec()),
    [`GET ${PHASE}`]: () => json(latest),
    ...answers,
  });
  const onReview = vi.fn();
  const waits = spec({ actions: { approve: "design", request_changes: "design" } });
  let decide: (decided: Spec) => void = () => undefined;
  function Page() {
    const [shown, setShown] = useState(waits);
    decide = setShown;
    return <Gate spec={shown} onReview={onReview} />;
  }
  show(<Page />, api.fetch);
  return {
    api,
    onReview,
    /** Somebody else decides, and later the phase waits again. */
    decide: () => act(() => decide(spec())),
    waitAgain: () => act(() => decide(waits)),
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

  it("keeps what is being typed when somebody else decides", async () => {
    const { decide, waitAgain } = gate();
    await loaded();
    await press("Request changes");
    fireEvent.change(await screen.findByRole("textbox"), { target: { value: "Mine." } });
    decide();
    const dialog = await screen.findByRole("alertdialog");
    await waitFor(() => expect(dialog.textContent).toContain("Your comment is kept here."));
    expect(screen.queryByRole("region", { name: "Approval", hidden: true })).toBeNull();
    waitAgain();
    await waitFor(() => expect(dialog.textContent).not.toContain("no longer waits"));
    expect((screen.getByRole("textbox") as HTMLTextAreaElement).value).toBe("Mine.");
  });

  it("begins with the version that waits, not with one that was kept from before", async () => {
    const { decide, waitAgain, replace } = gate();
    await loaded();
    decide();
    await waitFor(() => expect(screen.queryByText(/waits/u)).toBeNull());
    replace();
    waitAgain();
    await screen.findByText(/Design version 2 waits/u);
    expect(screen.queryByText(/newer version/u)).toBeNull();
  });

  it("says what else went wrong", async () => {
    gate({ [APPROVE]: () => problem(409) });
    await loaded();
    await press("Approve");
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("It is refused.");
    expect(alert.textContent).toContain("how things stand");
  });

  it("takes the version that was asked for as it comes, though it never stopped waiting", async () => {
    const { replace } = gate({
      [REQUEST]: () => {
        replace();
        return json(spec({ actions: { approve: "design", request_changes: "design" } }));
      },
    });
    await loaded();
    await press("Request changes");
    const dialog = await screen.findByRole("alertdialog");
    const comment = await screen.findByRole("textbox");
    fireEvent.change(comment, { target: { value: "Use the table that exists." } });
    const send = [...dialog.querySelectorAll("button")].find(({ type }) => type === "submit");
    fireEvent.click(send!);
    await screen.findByText(/Design version 2 waits/u);
    expect(screen.queryByText(/A newer version exists/u)).toBeNull();
  });
});
