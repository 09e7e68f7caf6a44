/** What a stream of server-sent events tells. */
export type Frame =
  | { kind: "event"; id: string; event: string; data: string }
  /** The stream asks to wait so long before it is opened again. */
  | { kind: "retry"; ms: number }
  /** Tells nothing but that the connection lives. */
  | { kind: "comment" };

/** The stream is not one that a server of this API writes. */
export class StreamFormatError extends Error {
  override readonly name = "StreamFormatError";
}

/** Longest line, and longest data of one event, in characters. */
const MAX_CHARS = 16 * 1024 * 1024;

/** Reads `text/event-stream` from bytes that come in pieces of any size. */
export class EventStreamParser {
  // Without `ignoreBOM` a byte order mark at the start is dropped, as the format asks.
  readonly #decoder = new TextDecoder("utf-8");
  readonly #limit: number;
  #line = "";
  #afterCarriageReturn = false;
  #id = "";
  #event = "";
  #data: string[] = [];
  #dataChars = 0;

  constructor(limit: number = MAX_CHARS) {
    this.#limit = limit;
  }

  /** The frames that `bytes` complete. Throws a `StreamFormatError` beyond the limits. */
  push(bytes: Uint8Array): Frame[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    const frames: Frame[] = [];
    const ends = /\r\n?|\n/gu;
    let from = 0;
    if (this.#afterCarriageReturn && text !== "") {
      this.#afterCarriageReturn = false;
      if (text.startsWith("\n")) from = 1;
    }
    ends.lastIndex = from;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      this.#extendLine(text.slice(from, end.index));
      from = ends.lastIndex;
      // A line that ends with the piece may go on with the second half of its end.
      if (end[0] === "\r" && from === text.length) this.#afterCarriageReturn = true;
      const line = this.#line;
      this.#line = "";
      this.#readLine(line, frames);
    }
    this.#extendLine(text.slice(from));
    return frames;
  }

  #extendLine(piece: string): void {
    if (this.#line.length + piece.length > this.#limit) {
      throw new StreamFormatError(`A line of the stream is longer than ${this.#limit} characters.`);
    }
    this.#line += piece;
  }

  #readLine(line: string, frames: Frame[]): void {
    if (line === "") {
      this.#dispatch(frames);
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) {
      frames.push({ kind: "comment" });
      return;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    switch (field) {
      case "event":
        this.#event = value;
        break;
      case "data":
        this.#addData(value);
        break;
      case "id":
        if (!value.includes("\0")) this.#id = value;
        break;
      case "retry":
        if (/^[0-9]{1,15}$/u.test(value)) frames.push({ kind: "retry", ms: Number(value) });
        break;
      default:
    }
  }

  #addData(value: string): void {
    this.#dataChars += value.length + 1;
    if (this.#dataChars > this.#limit) {
      throw new StreamFormatError(
        `An event of the stream is longer than ${this.#limit} characters.`,
      );
    }
    this.#data.push(value);
  }

  #dispatch(frames: Frame[]): void {
    if (this.#data.length > 0) {
      frames.push({
        kind: "event",
        id: this.#id,
        event: this.#event || "message",
        data: this.#data.join("\n"),
      });
    }
    this.#event = "";
    this.#data = [];
    this.#dataChars = 0;
  }
}
