import { chooseTheme, useTheme } from "../theme/theme";
import { Button } from "./button";

export function ThemeToggle() {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <Button
      tone="quiet"
      icon={theme === "dark" ? "sun" : "moon"}
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
      onClick={() => chooseTheme(other)}
    />
  );
}
