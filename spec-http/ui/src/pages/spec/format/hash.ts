/** The beginning of a hash, without the name of its algorithm. */
export function shortHash(hash: string): string {
  return hash.replace(/^[a-z0-9]+:/, "").slice(0, 12);
}
