/** The address to go to, or null where it is neither on the web nor a path of this origin. */
export function safeUrl(url: string, origin: string = location.origin): string | null {
  const isPath = url.startsWith("/");
  if (!isPath && !/^https?:\/\//iu.test(url)) return null;
  let parsed: URL;
  try {
    parsed = new URL(url, origin);
  } catch {
    return null;
  }
  // A path such as `//host` or `/\host` leads elsewhere.
  if (isPath && parsed.origin !== origin) return null;
  return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : null;
}
