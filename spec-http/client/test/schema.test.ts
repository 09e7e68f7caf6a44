import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test("the types are those of openapi.json", { timeout: 60_000 }, async () => {
  const path = join(root, "src", "schema.ts");
  const document = pathToFileURL(join(root, "..", "openapi.json"));
  const generated = COMMENT_HEADER + astToString(await openapiTS(document));
  const style = await resolveConfig(path);
  const wanted = await format(generated, { ...style, filepath: path });
  const same = readFileSync(path, "utf8") === wanted;
  expect(same, "src/schema.ts is out of date: npm run generate --workspace client").toBe(true);
});
