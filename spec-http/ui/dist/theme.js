// Runs before the first paint, so that a remembered theme does not flash in.
try {
  var theme = localStorage.getItem("spec.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be denied; then the system's theme holds.
}
