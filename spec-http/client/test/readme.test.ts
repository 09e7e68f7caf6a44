import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = Array.from(
  readme.matchAll(/^```(tsx?)\n([\s\S]*?)^```$/gmu),
  ([, extension = "", code = ""], index) => ({
    path: join(root, "test", `example-${index}.${extension}`),
    code,
  }),
);

test("every example of the README compiles", { timeout: 60_000 }, () => {
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  expect(problemsOf(blocks)).toEqual([]);
});

test("an example that does not compile is found", { timeout: 60_000 }, () => {
  const code = 'import { createClient } from "@spec/client";\ncreateClient().launch();\n';
  const problems = problemsOf([{ path: join(root, "test", "example-wrong.ts"), code }]);
  expect(problems).toEqual(["Property 'launch' does not exist on type 'SpecClient'."]);
});

function problemsOf(examples: { path: string; code: string }[]): string[] {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  options.paths = {
    "@spec/client": [join(root, "src/index.ts")],
    "@spec/client/react": [join(root, "src/react/index.ts")],
  };
  const host = ts.createCompilerHost(options);
  const sources = new Map(examples.map(({ path, code }) => [path, code]));
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => sources.has(path) || fileExists.call(host, path);
  host.readFile = (path) => sources.get(path) ?? readFile.call(host, path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const code = sources.get(path);
    return code === undefined
      ? getSourceFile.call(host, path, languageVersion, ...rest)
      : ts.createSourceFile(path, code, languageVersion);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
