// First, so that what a page says of its own parts comes later and holds.
import "./theme/tokens.css";
import "./theme/base.css";
import "./theme/layout.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { watchTheme } from "./theme/theme";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no element with the id root");

watchTheme();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
