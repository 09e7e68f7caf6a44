/**
 * Readers of stored outputs. Agents may leave optional fields out, and an older version of a schema
 * may lack some: what is missing is read as empty, and nothing here fails.
 */
export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

export function text(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

export function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

export function flag(value: unknown): boolean {
  return value === true;
}

export function list<T>(value: unknown, read: (item: unknown) => T): T[] {
  return Array.isArray(value) ? value.map(read) : [];
}

export function texts(value: unknown): string[] {
  return list(value, text).filter((item) => item !== "");
}

/** The entries of a map from text to text, in the order of the document. */
export function entries(value: unknown): [string, string][] {
  return Object.entries(fields(value)).map(([key, item]) => [key, text(item)]);
}
