import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["scenarios/**/*.test.ts"],
    globalSetup: ["harness/fresh-failures.ts"],
    // A browser and a server each.
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 20_000, interval: 30 } },
    reporters: ["default"],
  },
});
