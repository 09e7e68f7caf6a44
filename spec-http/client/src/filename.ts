/** The name that an attachment asks to be saved under, without any folder. */
export function filenameOf(disposition: string | null, otherwise: string): string {
  if (disposition === null) return otherwise;
  const name = extended(disposition) ?? plain(disposition);
  const last = name?.split(/[/\\]/u).at(-1)?.trim();
  return last === undefined || last === "" || last === "." || last === ".." ? otherwise : last;
}

function extended(disposition: string): string | undefined {
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;]+)/iu.exec(disposition)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded.trim());
  } catch {
    return undefined;
  }
}

function plain(disposition: string): string | undefined {
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/iu.exec(disposition)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/gu, "$1");
  return /;\s*filename\s*=\s*([^;"\s]+)/iu.exec(disposition)?.[1];
}
