import { cleanup, render } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { Clamp } from "../../src/pages/spec/text/clamp";
import { Untrusted } from "../../src/pages/spec/text/untrusted";
import { cut, visibleRuns, visibleText } from "../../src/pages/spec/text/visible";

afterEach(cleanup);

describe("visible text", () => {
  it("shows what would go unseen in an identifier", () => {
    expect(visibleText("REQ\u200b-1\u202e.exe\u0000")).toBe("REQ[U+200B]-1[U+202E].exe[U+0000]");
    expect(visibleText("a\nb\tc")).toBe("a[U+000A]b[U+0009]c");
    expect(visibleText("\u{e0041}x")).toBe("[U+E0041]x");
  });

  it("leaves line breaks and joiners in prose, and shows overrides there too", () => {
    const family = "👨\u200d👩\u200d👧";
    expect(visibleText(`a\nb ${family}`, "prose")).toBe(`a\nb ${family}`);
    expect(visibleText("\u202egnp.exe", "prose")).toBe("[U+202E]gnp.exe");
  });

  it("loses nothing that can be seen", () => {
    const text = "naïve – 東京 \u{1f600} שלום";
    expect(visibleRuns(text, "identifier")).toEqual([{ kind: "text", text }]);
    expect(visibleRuns("", "prose")).toEqual([]);
  });

  it("never cuts a character in two", () => {
    expect(cut("a\u{1f600}b", 2)).toBe("a");
    expect(cut("a\u{1f600}b", 3)).toBe("a\u{1f600}");
    expect(cut("abc", 5)).toBe("abc");
  });
});

describe("the untrusted text", () => {
  it("is isolated, escaped and tells hidden characters in words", () => {
    const { container } = render(<Untrusted text={"<b>x</b>\u202e"} />);
    expect(container.querySelector("b")).toBeNull();
    expect(container.querySelector("bdi")?.textContent).toContain("<b>x</b>");
    expect(container.textContent).toContain("right-to-left override");
  });

  it("shows the beginning of a word of a million characters", () => {
    const { container } = render(<Untrusted text={"w".repeat(1_000_000)} />);
    expect(container.textContent?.length).toBe(2001);
  });

  it("shows more of a long text piece by piece", async () => {
    const text = "x".repeat(1_000_000);
    const view = render(<Clamp text={text}>{(shown) => <p data-testid="shown">{shown}</p>}</Clamp>);
    const shown = () => view.getByTestId("shown").textContent?.length;
    expect(shown()).toBe(4_000);
    view.getByRole("button", { name: /Show more/u }).click();
    await view.findByRole("button", { name: "Show less" });
    expect(shown()).toBe(24_000);
  });
});
