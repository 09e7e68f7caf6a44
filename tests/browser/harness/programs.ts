import { accessSync, constants } from "node:fs";
import { fileURLToPath } from "node:url";

/** The top of the checkout, with a slash at its end. */
export const checkout = fileURLToPath(new URL("../../../", import.meta.url));

/** Where what is known about a failed test is left. */
export const failuresFolder = fileURLToPath(
  new URL("../../../target/browser/failures", import.meta.url),
);

function executable(path: string, remedy: string): string {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${path} is no program that can be run; ${remedy}`);
  }
  return path;
}

export function chromiumProgram(): string {
  return executable(
    process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    "install it with `sudo apt-get install --yes --no-install-recommends chromium fonts-liberation`, " +
      "or name another by CHROMIUM",
  );
}

/** The server, as `./test browser` builds and names it. */
export function serveProgram(): string {
  const path = process.env["SPEC_SERVE"] ?? `${checkout}target/debug/serve`;
  return executable(
    path,
    "build it with `cargo build --package spec-examples --bin serve`, or name another by SPEC_SERVE",
  );
}
