interface Pointed {
  readonly pointer: string;
}

/** Findings about what `pointer` (RFC 6901) points to, or about a part of it. */
export function findingsAt<F extends Pointed>(findings: readonly F[], pointer: string): F[] {
  return findings.filter(
    (finding) => finding.pointer === pointer || finding.pointer.startsWith(`${pointer}/`),
  );
}

/** Findings that none of `pointers` takes. */
export function findingsElsewhere<F extends Pointed>(
  findings: readonly F[],
  pointers: readonly string[],
): F[] {
  return findings.filter((finding) =>
    pointers.every((of) => findingsAt([finding], of).length === 0),
  );
}
