import type { ReactNode } from "react";
import "./parts.css";

/** A titled part of a tab; nothing where there is nothing to show. */
export function Section({
  title,
  count,
  children,
}: {
  title: string;
  /** How many there are; with 0 the section is left out. */
  count?: number;
  children: ReactNode;
}) {
  if (count === 0) return null;
  return (
    <section className="part">
      <h3 className="part-title">
        {title}
        {count !== undefined && <span className="part-count">{count}</span>}
      </h3>
      {children}
    </section>
  );
}
