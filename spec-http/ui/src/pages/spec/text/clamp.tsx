import { type ReactNode, useState } from "react";
import { Button } from "../../../components/button";
import { plural } from "../format/plural";
import { cut } from "./visible";

const STEP = 20_000;

/** The beginning of a long text, and more of it on request, a bounded piece at a time. */
export function Clamp({
  text,
  max = 4_000,
  children,
}: {
  text: string;
  max?: number;
  children: (shown: string) => ReactNode;
}) {
  const [limit, setLimit] = useState(max);
  const shown = cut(text, limit);
  const rest = text.length - shown.length;
  return (
    <>
      {children(shown)}
      {(rest > 0 || limit > max) && (
        <p className="clamp-tools">
          {rest > 0 && (
            <Button size="s" tone="quiet" onClick={() => setLimit(limit + STEP)}>
              Show more ({plural(rest, "character")} left)
            </Button>
          )}
          {limit > max && (
            <Button size="s" tone="quiet" onClick={() => setLimit(max)}>
              Show less
            </Button>
          )}
        </p>
      )}
    </>
  );
}
