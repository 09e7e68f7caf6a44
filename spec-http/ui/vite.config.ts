import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Loads the remembered theme before the first paint: a module would come after it. */
function themeFirst(): Plugin {
  return {
    name: "theme-first",
    transformIndexHtml: (_html, { path }) =>
      path === "/index.html"
        ? [{ tag: "script", attrs: { src: "./theme.js" }, injectTo: "head" }]
        : [],
  };
}

export default defineConfig({
  // The host decides where the pages are mounted, so nothing may name a place.
  base: "./",
  plugins: [react(), themeFirst()],
  resolve: {
    alias: [
      { find: /^@spec\/client\/react$/, replacement: here("../client/src/react/index.ts") },
      { find: /^@spec\/client$/, replacement: here("../client/src/index.ts") },
    ],
    dedupe: ["react", "react-dom", "@tanstack/react-query"],
  },
  build: {
    target: "es2022",
    // Files without a hash in their names stay out of the folder that is cached for good.
    assetsDir: "assets",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: { index: here("index.html"), diagram: here("diagram.html") },
    },
  },
  server: {
    proxy: { "/api": "http://127.0.0.1:8080" },
  },
  test: {
    environment: "happy-dom",
    include: ["test/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
