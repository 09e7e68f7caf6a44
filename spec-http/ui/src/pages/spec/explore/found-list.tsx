import type { Evidence, Found } from "../artifact/explore";
import { Section } from "../parts/section";
import { useMore } from "../parts/text-list";
import { Sentence } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";
import "./found.css";

/** Things found in the repository, each with the lines that show it. */
export function FoundList({
  title,
  items,
  commit,
}: {
  title: string;
  items: readonly Found[];
  commit: string | null;
}) {
  const { limit, more } = useMore(items.length);
  return (
    <Section title={title} count={items.length}>
      <ul className="found-list">
        {items.slice(0, limit).map((found, index) => (
          <li key={index} className="found">
            <p className="card-head">
              {found.name && (
                <strong>
                  <Untrusted text={found.name} />
                </strong>
              )}
              {found.path && <UntrustedCode text={found.path} />}
            </p>
            <p dir="auto">
              <Sentence text={found.about} />
            </p>
            {found.evidence.length > 0 && (
              <EvidenceList evidence={found.evidence} commit={commit} />
            )}
          </li>
        ))}
      </ul>
      {more}
    </Section>
  );
}

function EvidenceList({
  evidence,
  commit,
}: {
  evidence: readonly Evidence[];
  commit: string | null;
}) {
  return (
    <ul className="evidence" aria-label="Evidence">
      {evidence.map(({ path, line, excerpt }, index) => (
        <li key={index} title={commit ? `Verified at commit ${commit}` : undefined}>
          <span className="evidence-place">
            <Untrusted text={`${path}:${line}`} max={500} />
            {commit && <span className="muted">@{commit.slice(0, 10)}</span>}
          </span>
          <code>
            <Untrusted text={excerpt} max={400} />
          </code>
        </li>
      ))}
    </ul>
  );
}
