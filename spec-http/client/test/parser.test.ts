import { describe, expect, test } from "vitest";
import { EventStreamParser, StreamFormatError, type Frame } from "../src/sse/parser.js";

const bytes = (text: string) => new TextEncoder().encode(text);

function parse(...pieces: (string | Uint8Array)[]): Frame[] {
  const parser = new EventStreamParser();
  return pieces.flatMap((piece) => parser.push(typeof piece === "string" ? bytes(piece) : piece));
}

const event = (data: string, event = "message", id = ""): Frame => ({
  kind: "event",
  id,
  event,
  data,
});

describe("an event stream", () => {
  test("tells the id, the type and the data of an event", () => {
    expect(parse("id: 7\nevent: spec.created\ndata: {}\n\n")).toEqual([
      event("{}", "spec.created", "7"),
    ]);
  });

  test.each([
    ["LF", "\n"],
    ["CR", "\r"],
    ["CRLF", "\r\n"],
  ])("has lines that end with %s", (_name, end) => {
    expect(parse(["data: a", "data: b", "", "data: c", "", ""].join(end))).toEqual([
      event("a\nb"),
      event("c"),
    ]);
  });

  test("joins the lines of its data, empty ones included", () => {
    expect(parse("data: a\ndata\ndata:\ndata: b\n\n")).toEqual([event("a\n\n\nb")]);
  });

  test("drops one space after the colon and no more", () => {
    expect(parse("data:  a\ndata:b\n\n")).toEqual([event(" a\nb")]);
  });

  test("shows its comments as signs of life", () => {
    expect(parse(": alive\n\n:\n\n")).toEqual([{ kind: "comment" }, { kind: "comment" }]);
  });

  test("tells nothing of events without data, and forgets their type", () => {
    expect(parse("event: a\n\ndata: b\n\n")).toEqual([event("b")]);
  });

  test("has events of empty data", () => {
    expect(parse("data\n\n")).toEqual([event("")]);
  });

  test("keeps the id for the events that follow, and ignores one with a NULL", () => {
    expect(parse("id: 3\ndata: a\n\nid: 4\0\ndata: b\n\nid\ndata: c\n\n")).toEqual([
      event("a", "message", "3"),
      event("b", "message", "3"),
      event("c"),
    ]);
  });

  test("says how long to wait in digits only", () => {
    expect(parse("retry: 1500\nretry: 1.5\nretry: -1\nretry:\nretry: 1e3\n")).toEqual([
      { kind: "retry", ms: 1500 },
    ]);
  });

  test("ignores fields that it does not know", () => {
    expect(parse("colour: red\ndat: x\ndata: a\n\n")).toEqual([event("a")]);
  });

  test("may begin with a byte order mark, which is no part of it", () => {
    expect(parse("\uFEFFdata: a\n\n")).toEqual([event("a")]);
    expect(parse("data: a\n\n", "\uFEFFdata: b\n\n")).toEqual([event("a")]);
  });

  test("does not tell of an event that broke off", () => {
    expect(parse("data: a\n\ndata: b\n")).toEqual([event("a")]);
  });

  test("reads what is no UTF-8 as replacement characters", () => {
    expect(parse(bytes("data: "), new Uint8Array([0xff, 0x80]), "\n\n")).toEqual([
      event("\uFFFD\uFFFD"),
    ]);
  });

  test("is refused when a line is too long, however it is cut", () => {
    const whole = new EventStreamParser(20);
    expect(() => whole.push(bytes(`data: ${"a".repeat(20)}`))).toThrow(StreamFormatError);
    const cut = new EventStreamParser(20);
    cut.push(bytes("data: 0123456789"));
    expect(() => cut.push(bytes("0123456789"))).toThrow(StreamFormatError);
  });

  test("is refused when the data of an event is too long", () => {
    const parser = new EventStreamParser(20);
    parser.push(bytes("data: 0123456789\n"));
    expect(() => parser.push(bytes("data: 0123456789\n"))).toThrow(StreamFormatError);
  });

  test("is not refused for many events that are each short enough", () => {
    const parser = new EventStreamParser(20);
    const told = Array.from({ length: 100 }, () => parser.push(bytes("data: 0123456789\n\n")));
    expect(told.flat()).toHaveLength(100);
  });
});

const STREAM =
  '\uFEFF: open\r\n\r\nid: 1\nevent: spec.created\ndata: {"title":"Füße 🦶 日本"}\r\r' +
  "retry: 250\r\nid:2\rdata: a\r\ndata\r\ndata: 💶\r\n\r\n\n\n: \u00e9\n" +
  'event: end\ndata: {"last_event_id":2}\n\nid: 9\ndata: lost';

describe("a stream means the same", () => {
  const all = bytes(STREAM);
  const expected = parse(all);

  test("as is written", () => {
    expect(expected).toEqual([
      { kind: "comment" },
      event('{"title":"Füße 🦶 日本"}', "spec.created", "1"),
      { kind: "retry", ms: 250 },
      event("a\n\n💶", "message", "2"),
      { kind: "comment" },
      event('{"last_event_id":2}', "end", "2"),
    ]);
  });

  test("when it is cut in two at any byte", () => {
    for (let at = 0; at <= all.length; at += 1) {
      expect(parse(all.slice(0, at), all.slice(at)), `cut at ${at}`).toEqual(expected);
    }
  });

  test("when it is cut in three at any two bytes", () => {
    for (let a = 0; a <= all.length; a += 3) {
      for (let b = a; b <= all.length; b += 1) {
        const told = parse(all.slice(0, a), all.slice(a, b), all.slice(b));
        expect(told, `cut at ${a} and ${b}`).toEqual(expected);
      }
    }
  });

  test("when it comes byte by byte, with empty pieces between", () => {
    const pieces = Array.from(all, (byte) => [new Uint8Array([byte]), new Uint8Array()]).flat();
    expect(parse(...pieces)).toEqual(expected);
  });
});
